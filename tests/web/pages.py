"""Pages as somebody without scripts uses them: what they say, and forms that are posted as a browser would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send untouched."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, **values: str) -> list[tuple[str, str]]:
        """The fields with some of them typed over."""
        kept = [(name, value) for name, value in self.fields if name not in values]
        return [*kept, *values.items()]


class Page(HTMLParser):
    """An HTML page: its words, its forms, and the elements that were looked for."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.status = response.status_code
        self.forms: list[Form] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._words: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self.feed(response.get_data(as_text=True))

    @property
    def text(self) -> str:
        """Everything it says, with single spaces."""
        return " ".join("".join(self._words).split())

    def form(self, action: str) -> Form:
        """The first form that goes to this path."""
        return next(form for form in self.forms if form.action.partition("?")[0] == action)

    def find(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """The attributes of each such element."""
        wanted = {name.replace("_", "-").strip("-"): value for name, value in attributes.items()}
        return [found for name, found in self.elements if name == tag and wanted.items() <= found.items()]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag == "form":
            self._form = Form(found.get("action", ""), found.get("method", "get"))
            self.forms.append(self._form)
        if self._form is not None:
            self._collect(tag, found, self._form)
        if tag in ("li", "tr", "p", "td", "th", "div", "dt", "dd", "h1", "h2", "option"):
            self._words.append(" ")

    def _collect(self, tag: str, found: dict[str, str], form: Form) -> None:
        name = found.get("name", "")
        if (tag == "input" and found.get("type") not in ("checkbox", "radio")) or "checked" in found:
            form.fields.append((name, found.get("value", "")))
        elif tag == "button" and name:
            form.buttons.append((name, found.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in found:
            form.fields.append((self._select, found.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        self._words.append(data)


def get(client: FlaskClient, path: str) -> Page:
    """Opens a page."""
    return Page(client.get(path))


def post(client: FlaskClient, form: Form, **values: str) -> TestResponse:
    """Sends a form with some of its fields typed over."""
    return client.post(form.action, data=urlencode(form.filled(**values)), content_type=_FORM)


def save(client: FlaskClient, form: Form, **values: str) -> TestResponse:
    """Sends a form that gives, and says yes where it asks once more whether that is meant."""
    answer = post(client, form, **values)
    asked = [form for form in Page(answer).forms if ("change", "1") in form.buttons]
    return post(client, asked[0]) if asked else answer


_FORM = "application/x-www-form-urlencoded"
