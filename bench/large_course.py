"""An LMS for benches of rosters, in a process of its own: courses of any size, a hundred people a page."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from urllib.parse import parse_qs, urlsplit

from bench.harness import machine, servers

PAGE = 100
_LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


@contextmanager
def serving() -> Iterator[str]:
    """The LMS's address, as long as the block; its time is no contender's, since it waits while they work."""
    port = servers.free_port()
    context = get_context("spawn")
    is_up = context.Event()
    server = context.Process(target=_serve, args=(port, is_up), daemon=True)
    with machine.on_server_cores():
        server.start()
    is_up.wait(30)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.join()


def roster_url(lms: str, people: int) -> str:
    """Where the roster of the course with so many students begins."""
    return f"{lms}/courses/{people}/memberships"


@cache
def _page(people: int, number: int) -> bytes:
    first = number * PAGE
    members = [_member(one) for one in range(first, min(first + PAGE, people))]
    return json.dumps({"id": "roster", "context": {"id": f"course-{people}"}, "members": members}).encode()


def _member(number: int) -> dict[str, object]:
    family = f"Family {number:05}"
    return {
        "status": "Active",
        "user_id": f"0d7a4c1e-{number:08}",
        "name": f"Given {family}",
        "given_name": "Given",
        "family_name": family,
        "email": f"given.family.{number}@school.test",
        "lis_person_sourcedid": f"sis-{number}",
        "roles": [_LEARNER],
    }


class _Rosters(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one piece, or each answer would wait for the other side's acknowledgement
    disable_nagle_algorithm = True

    def do_POST(self) -> None:  # the library's name
        self.rfile.read(int(self.headers["Content-Length"]))
        token = {"access_token": "token", "token_type": "Bearer", "expires_in": 3600}
        self._answer(json.dumps(token).encode(), "application/json", "")

    def do_GET(self) -> None:  # the library's name
        address = urlsplit(self.path)
        people, number = int(address.path.split("/")[2]), int(parse_qs(address.query).get("page", ["0"])[0])
        following = ""
        if (number + 1) * PAGE < people:
            following = f'<http://{self.headers["Host"]}{address.path}?page={number + 1}>; rel="next"'
        self._answer(_page(people, number), "application/vnd.ims.lti-nrps.v2.membershipcontainer+json", following)

    def _answer(self, body: bytes, kind: str, link: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def _serve(port: int, is_up: Event) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", port), _Rosters)
    is_up.set()
    server.serve_forever()
