"""The demo LMS over real HTTP for any test, and a browser small enough to read that walks a launch through it."""

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from ssl import SSLContext, SSLSocket
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TIMEOUT_S = 30
_MOST_STEPS = 12
_REDIRECTS = {301, 302, 303, 307, 308}


class Serving:
    """A server that has its address before it has its application: each of two may need to know the other's."""

    def __init__(self, host: str, port: int, tls: SSLContext | None = None) -> None:
        waiting: WSGIApplication = ServiceUnavailable("No application yet.")
        listens_at = "127.0.0.1" if tls else host  # the browser is told so (tests/browser/chromium.py); no DNS knows it
        self._server = make_server(listens_at, port, waiting, threaded=True, request_handler=_Silent, ssl_context=tls)
        if isinstance(self._server.socket, SSLSocket):
            # Each connection's thread shakes hands for itself: one that a browser opened beforehand, and says nothing
            # on, would keep all others waiting until the browser gives up.
            self._server.socket.do_handshake_on_connect = False  # type: ignore[attr-defined] # typeshed lacks it
        self.url = f"{'https' if tls else 'http'}://{host}:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def show(self, app: "WSGIApplication") -> None:
        """From now on this application answers."""
        self._server.app = app

    def stop(self) -> None:
        """Frees the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def serving(host: str = "localhost", port: int = 0, *, tls: SSLContext | None = None) -> Iterator[Serving]:
    """A server without application; port 0 is any free one. Tools go to 127.0.0.1, LMSs to localhost: two sites."""
    server = Serving(host, port, tls)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def running(app: "WSGIApplication", port: int = 0, host: str = "localhost") -> Iterator[str]:
    """That application over HTTP; its origin."""
    with serving(host, port) as server:
        server.show(app)
        yield server.url


class Browser:
    """Follows redirects and the forms that an LMS's pages submit by themselves, and keeps each host's cookies.

    Secure and Partitioned cookies come and go over plain http, as they do on loopback in a real browser; the jar of
    `requests` would keep them back.
    """

    def __init__(self) -> None:
        self.cookies: dict[tuple[str, str], str] = {}
        self.visited: list[str] = []

    def launch(
        self, lms_url: str, course: str, person: str, *, slug: str = "navigation", by: str = ""
    ) -> requests.Response:
        """Steps in as that person of the demo LMS; the page that the tool shows in the end."""
        place = "" if slug == "navigation" else f"/{slug}"
        return self.get(f"{lms_url}/courses/{course}/as/{person}{place}/launch{'?by=' + by if by else ''}")

    def get(self, url: str, **options: Any) -> requests.Response:
        """Opens an address."""
        return self._walk(self.send("GET", url, **options))

    def post(self, url: str, fields: dict[str, str], **options: Any) -> requests.Response:
        """Submits a form."""
        return self._walk(self.send("POST", url, data=fields, **options))

    def send(self, method: str, url: str, **options: Any) -> requests.Response:
        """One request with its cookies, and nothing followed."""
        host = urlsplit(url).hostname or ""
        carried = "; ".join(f"{name}={value}" for (owner, name), value in self.cookies.items() if owner == host)
        headers = {**options.pop("headers", {}), **({"Cookie": carried} if carried else {})}
        response = requests.request(method, url, headers=headers, allow_redirects=False, timeout=TIMEOUT_S, **options)
        for line in response.raw.headers.getlist("Set-Cookie"):
            self._keep(host, line)
        self.visited.append(url)
        return response

    def _walk(self, response: requests.Response) -> requests.Response:
        for _ in range(_MOST_STEPS):
            form = auto_submitted(response)
            if response.status_code in _REDIRECTS:
                response = self.send("GET", urljoin(response.url, response.headers["Location"]))
            elif form:
                response = self.send("POST", urljoin(response.url, form.action), data=form.fields)
            else:
                return response
        raise AssertionError(f"no end after {_MOST_STEPS} steps: {self.visited}")

    def _keep(self, host: str, line: str) -> None:
        pair, *attributes = (part.strip() for part in line.split(";"))
        name, _, value = pair.partition("=")
        if "max-age=0" in {attribute.lower() for attribute in attributes}:
            self.cookies.pop((host, name), None)
        else:
            self.cookies[host, name] = value


def launch(lms_url: str, course: str, person: str) -> requests.Response:
    """A launch in a fresh browser; keep a `Browser` yourself to go on from there."""
    return Browser().launch(lms_url, course, person)


class Form(HTMLParser):
    """The form of a page that submits itself (`data-auto-submit`), if it has one."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects the action and the hidden fields."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and "data-auto-submit" in found:
            self._inside, self.action = True, found["action"]
        elif tag == "input" and self._inside:
            self.fields[found["name"]] = found["value"]

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        if tag == "form":
            self._inside = False


def auto_submitted(response: requests.Response) -> Form | None:
    """What a browser with scripts would submit at once on this page."""
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return None
    form = Form(response.text)
    return form if form.action else None


class _Silent(WSGIRequestHandler):
    """A test's server says nothing of its requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""
