"""What people type into forms, parsed once: a value, or a sentence beside the field that says how to mend it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from flask import Flask, abort, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from lti_tool.ids import new_id
from lti_tool.language import _

View = TypeVar("View", bound=Callable[..., object])

_LARGEST = 1_000_000
"""Bytes of a request: 10,000 ids in one form (R18) are 370,000."""

_FILE = 7_000_000
"""Bytes more where a file comes along: more than is taken (5 MB), so that a large one gets its sentence."""

_WHOLE = re.compile(r"[+-]?\d{1,400}")
_KEY = re.compile(r"[0-9a-f-]{36}")


@dataclass
class Form:
    """A posted form: what was typed stays, and each wrong field has its sentence."""

    values: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def posted(cls, *names: str, **defaults: str) -> "Form":
        """The named fields of this request's body, stripped."""
        return cls({name: request.form.get(name, defaults.get(name, "")).strip() for name in names})

    def whole(self, name: str, *, empty: int | None = None) -> int | None:
        """The field as a whole number ("1,000" and " 5 " too); None, and `wrong` says why, if it is none."""
        typed = self.values.get(name, "")
        plain = re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}(\D|$))", "", typed).replace("\u2212", "-")
        if not plain and empty is not None:
            return empty
        if _WHOLE.fullmatch(plain):
            return int(plain[:16])  # longer ones are too large in any case
        self.wrong[name] = (
            _("“%(typed)s” is not a whole number.", typed=typed[:40]) if typed else _("Enter a whole number.")
        )
        return None


def takes_file(view: View) -> View:
    """Declares that the view below takes a file too, so that its requests may be larger than others."""
    view.takes_file = True  # type: ignore[attr-defined] # functions take attributes; typing has no word for it
    return view


def limit(app: Flask, *, programs: tuple[str, ...]) -> None:
    """Refuses requests that are larger than any form of ours (413), or hold what no text can (400).

    What is below a prefix in `programs` finds such a text by itself. To be called after the
    access rules are enforced and before anything reads a form: what was read can no longer be larger.
    """
    app.config.update(MAX_CONTENT_LENGTH=_LARGEST, MAX_FORM_MEMORY_SIZE=_LARGEST)

    @app.before_request
    def make_room() -> None:
        if hasattr(app.view_functions.get(request.endpoint or ""), "takes_file"):
            request.max_content_length = _LARGEST + _FILE

    @app.before_request
    def refuse_nul() -> None:
        # PostgreSQL takes no NUL in a text; nobody types one.
        if request.path.startswith(programs) or not (request.query_string or request.content_type):
            sent: tuple[MultiDict[str, str], ...] = ()
        else:
            sent = (request.args, request.form)
        if "\0" in request.path or any("\0" in value for values in sent for _, value in values.items(multi=True)):
            abort(400)


def request_key() -> str:
    """The posted form's one-time key (R17); a form without a usable one gets a fresh key and is not protected twice."""
    posted = request.form.get("request_key", "")
    return posted if _KEY.fullmatch(posted) else new_id()


def done(url: str) -> Response:
    """After a form did its work: on to a page that can be reloaded. htmx is told to leave the dialog behind.

    A page that is looked at, also by going back, is followed by the other at once.
    """
    is_dialog = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    if is_dialog and request.method == "POST":
        return Response(status=204, headers={"HX-Location": url})
    return redirect(url, 303)
