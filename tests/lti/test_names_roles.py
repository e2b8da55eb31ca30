"""Rosters: complete over pages of every kind, or an error with its reason; never a part."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict
from werkzeug.wrappers import Request, Response

from lti_tool.lti.names_roles import MEDIA_TYPE, Limits, NamesRoles, RosterMember, next_link
from lti_tool.lti.roles import Role
from lti_tool.lti.service_calls import Fault, ServiceFault
from lti_tool.lti.service_tokens import ServiceTokens
from lti_tool.outbound import Answer, Outbound
from tests.lti_platform import HOSTS
from tests.roster_lms import KEYRING, MEMBERSHIP, Clock, RosterLms, person, roster_page, serving_roster

MOODLE = Path(__file__).parent.parent / "fixtures/moodle"


class Reader:
    """A reader with a clock of its own; `heard` is what the progress said."""

    def __init__(self, lms: RosterLms, limits: Limits = Limits()) -> None:  # noqa: B008 # frozen
        self.lms = lms
        self.clock = Clock()
        self.heard: list[tuple[int, int]] = []
        outbound = Outbound(HOSTS)
        self._services = NamesRoles(outbound, ServiceTokens(outbound, KEYRING.sign), limits=limits)

    def read(self) -> list[RosterMember]:
        return self._services.read(
            self.lms.account,
            self.lms.memberships_url,
            patience=self.clock.patience(),
            on_page=lambda people, pages: self.heard.append((people, pages)),
        )

    def fault(self) -> Fault:
        with pytest.raises(ServiceFault) as fault:
            self.read()
        return fault.value.code


@pytest.fixture
def lms() -> Iterator[RosterLms]:
    with serving_roster() as lms:
        yield lms


@pytest.fixture
def reader(lms: RosterLms) -> Reader:
    return Reader(lms)


def test_five_thousand_people_are_read_over_pages_with_case_sensitive_addresses(lms: RosterLms, reader: Reader) -> None:
    lms.members = [person(f"s-{n}", name=f"Name {n}") for n in range(5_000)]
    lms.page_size = 50

    roster = reader.read()

    assert [each.subject for each in roster] == [f"s-{n}" for n in range(5_000)]
    assert lms.pages[1] == "Bookmark=At-50"
    assert len(lms.pages) == 100
    assert reader.heard[-1] == (5_000, 100)
    assert len(lms.forms) == 1


def test_each_page_is_asked_for_by_the_exact_media_type_with_a_user_agent(lms: RosterLms, reader: Reader) -> None:
    lms.members = [person("s-1")]

    reader.read()

    assert lms.headers[-1]["Accept"] == MEDIA_TYPE
    assert lms.headers[-1]["User-Agent"].startswith("Creditroll")
    assert lms.headers[-1]["Authorization"].startswith("Bearer ")


def test_an_empty_roster_is_a_complete_one(reader: Reader) -> None:
    assert reader.read() == []


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ('<http://lms.test/M?p=Ab%2FC>; rel="next"', "http://lms.test/M?p=Ab%2FC"),
        ("<http://lms.test/M?p=2>;rel=next", "http://lms.test/M?p=2"),
        ('<http://LMS.test:80/M>; title="a, b; rel=prev"; REL=NEXT', "http://LMS.test:80/M"),
        ('<http://lms.test/1>; rel="first", <?Page=2>; rel="last next"', "http://lms.test/M/X?Page=2"),
        ("<http://lms.test/A;b=C,d>; anchor; rel=next", "http://lms.test/A;b=C,d"),
        ("</Y>; rel='prev', </Z>; rel=next", "http://lms.test/Z"),
        ('<http://lms.test/1>; title="rel=next"', None),
        ('<http://lms.test/1>; rel="nextish"', None),
        ("rel=next", None),
        ("", None),
    ],
)
def test_the_next_page_is_found_however_it_is_written(link: str, following: str | None) -> None:
    answer = Answer(200, CaseInsensitiveDict({"link": link}), b"", "http://lms.test/M/X?Page=1")

    assert next_link(answer, first_url="http://lms.test/M/X") == following


@pytest.mark.parametrize(
    "target", ["http://elsewhere.test/", "https://lms.test/", "http://lms.test:8080/", "//elsewhere.test/", "http://[/"]
)
def test_a_next_page_on_another_site_is_not_asked_for(target: str) -> None:
    answer = Answer(200, CaseInsensitiveDict({"link": f"<{target}>; rel=next"}), b"", "http://lms.test/")

    with pytest.raises(ServiceFault) as fault:
        next_link(answer, first_url="http://lms.test/")
    assert fault.value.code is Fault.FOREIGN_LINK


def test_a_page_that_leads_to_itself_is_a_loop(lms: RosterLms, reader: Reader) -> None:
    lms.plant("page", roster_page([person("s-1")], link=f"<{lms.memberships_url}>; rel=next"))

    assert reader.fault() is Fault.LOOP


def test_pages_that_begin_again_under_new_addresses_are_a_loop(lms: RosterLms, reader: Reader) -> None:
    def endless(request: Request) -> Response:
        return roster_page([person("s-1")], link=f"<?again={len(lms.pages)}>; rel=next")

    lms.plant("page", *[endless] * 50)

    assert reader.fault() is Fault.LOOP
    assert len(lms.pages) == 2


def test_empty_pages_without_end_are_a_loop(lms: RosterLms) -> None:
    reader = Reader(lms, Limits(pages=5))
    lms.plant("page", *[lambda _: roster_page([], link=f"<?again={len(lms.pages)}>; rel=next")] * 50)

    assert reader.fault() is Fault.LOOP
    assert len(lms.pages) == 5


def test_more_people_than_a_roster_can_hold_are_an_error_and_not_cut_off(lms: RosterLms) -> None:
    reader = Reader(lms, Limits(members=3))
    lms.members = [person(f"s-{n}") for n in range(4)]
    lms.page_size = 2

    assert reader.fault() is Fault.TOO_LARGE


def test_a_page_that_is_too_large_is_an_error(lms: RosterLms) -> None:
    reader = Reader(lms, Limits(page_bytes=10_000))
    lms.members = [person("s-1", name="x" * 10_000)]

    assert reader.fault() is Fault.TOO_LARGE


@pytest.mark.parametrize(
    "page",
    [
        Response("<!doctype html><title>Sign in</title>", mimetype="text/html"),
        Response('{"members": [{"user_id": "s-1"', mimetype=MEDIA_TYPE),
        Response('{"id": "x"}', mimetype=MEDIA_TYPE),
        Response('{"members": {}}', mimetype=MEDIA_TYPE),
        Response("[]", mimetype=MEDIA_TYPE),
        Response("[" * 100_000, mimetype=MEDIA_TYPE),
        Response(b"\xff\xfe\x00", mimetype=MEDIA_TYPE),
    ],
)
def test_a_page_that_cannot_be_read_makes_the_roster_incomplete(lms: RosterLms, reader: Reader, page: Response) -> None:
    _plant_on_second_page(lms, page)

    assert reader.fault() is Fault.INCOMPLETE


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, Fault.REFUSED),
        (403, Fault.FORBIDDEN),
        (404, Fault.NOT_FOUND),
        (302, Fault.REFUSED),
        (204, Fault.REFUSED),
        (206, Fault.REFUSED),
    ],
)
def test_a_refused_page_says_why(lms: RosterLms, reader: Reader, status: int, code: Fault) -> None:
    _plant_on_second_page(lms, Response(status=status, headers={"Location": "/elsewhere"}))

    assert reader.fault() is code


@pytest.mark.parametrize(
    ("throttled", "waits"),
    [
        (Response(status=429, headers={"Retry-After": "7"}), [7.0]),
        (Response(status=429, headers={"Retry-After": "Mon, 23 Nov 2026 09:00:05 GMT"}), [5.0]),
        (Response(status=429), [2.0]),
        (Response("403 Forbidden (Rate Limit Exceeded)", status=403), [2.0]),
        (Response(status=403, headers={"Retry-After": "3"}), [3.0]),
        (Response(status=503, headers={"Retry-After": "9"}), [9.0]),
        (Response(status=500), [1.0]),
    ],
)
def test_an_lms_that_wants_us_to_wait_is_waited_for(
    lms: RosterLms, reader: Reader, throttled: Response, waits: list[float]
) -> None:
    lms.members = [person("s-1"), person("s-2")]
    _plant_on_second_page(lms, throttled)

    assert len(reader.read()) == 2
    assert reader.clock.waits == waits


@pytest.mark.parametrize(
    "answers", [[Response(status=429, headers={"Retry-After": "3600"})], [Response(status=429)] * 40]
)
def test_an_lms_that_wants_us_to_wait_too_long_is_not_waited_for(
    lms: RosterLms, reader: Reader, answers: list[Response]
) -> None:
    lms.plant("page", *answers)

    assert reader.fault() is Fault.THROTTLED
    assert sum(reader.clock.waits) <= 60


def test_a_fault_of_the_lms_is_tried_three_times(lms: RosterLms, reader: Reader) -> None:
    lms.plant("page", *[Response(status=500)] * 3)

    assert reader.fault() is Fault.UNAVAILABLE
    assert len(lms.pages) == 3


def test_a_connection_that_breaks_off_is_tried_again(lms: RosterLms, reader: Reader) -> None:
    lms.members = [person("s-1")]
    lms.plant("page", Response(iter([b'{"members"']), headers={"Content-Length": "100"}))

    assert len(reader.read()) == 1


def test_nobody_there_is_unreachable(reader: Reader, lms: RosterLms) -> None:
    lms.url = "http://localhost:1"

    assert reader.fault() is Fault.UNREACHABLE


def test_a_token_that_ends_before_its_time_is_renewed_once(lms: RosterLms, reader: Reader) -> None:
    lms.members = [person("s-1"), person("s-2")]
    lms.page_size = 1

    def forget(_: Request) -> Response:
        lms.tokens.clear()
        return Response(status=401)

    _plant_on_second_page(lms, forget)

    assert len(reader.read()) == 2
    assert len(lms.forms) == 2


def test_a_token_that_is_refused_even_when_fresh_is_an_error(lms: RosterLms, reader: Reader) -> None:
    lms.plant("page", *[Response(status=401)] * 2)

    assert reader.fault() is Fault.TOKEN_REFUSED
    assert len(lms.forms) == 2


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"user_id": "s"}, RosterMember("s", None, None, Role.NONE, True)),
        ({"user_id": "s", "roles": None, "status": None}, RosterMember("s", None, None, Role.NONE, True)),
        ({"user_id": 17, "roles": ["Learner"]}, RosterMember("17", None, None, Role.LEARNER, True)),
        ({"user_id": "s", "roles": "Instructor"}, RosterMember("s", None, None, Role.TEACHER, True)),
        ({"user_id": "s", "roles": [5, None, ""]}, RosterMember("s", None, None, Role.NONE, True)),
        ({"user_id": "s", "status": "Inactive"}, RosterMember("s", None, None, Role.NONE, False)),
        ({"user_id": "s", "status": "Deleted"}, RosterMember("s", None, None, Role.NONE, False)),
        ({"user_id": "s", "status": "active"}, RosterMember("s", None, None, Role.NONE, True)),
        ({"user_id": "s", "name": "Tara &amp; Co"}, RosterMember("s", "Tara & Co", None, Role.NONE, True)),
        ({"user_id": "s", "name": "&amp;lt;"}, RosterMember("s", "&lt;", None, Role.NONE, True)),
        ({"user_id": "s", "name": " Zoë \n 👩\u200d🏫 "}, RosterMember("s", "Zoë 👩\u200d🏫", None, Role.NONE, True)),
        ({"user_id": "s", "name": "a\x00b\ud800c\u202ed"}, RosterMember("s", "a b c d", None, Role.NONE, True)),
        ({"user_id": "s", "name": "$Person.name.full"}, RosterMember("s", None, None, Role.NONE, True)),
        ({"user_id": "s", "given_name": "A", "family_name": "B"}, RosterMember("s", "A B", None, Role.NONE, True)),
        ({"user_id": "s", "name": ["x"], "email": "a@b.test"}, RosterMember("s", None, "a@b.test", Role.NONE, True)),
        ({"user_id": "s", "name": "x" * 999}, RosterMember("s", "x" * 255, None, Role.NONE, True)),
    ],
)
def test_a_row_is_read_whatever_is_missing_or_odd(
    lms: RosterLms, reader: Reader, row: dict[str, Any], expected: RosterMember
) -> None:
    lms.members = [row]

    assert reader.read() == [expected]


@pytest.mark.parametrize("user_id", [None, "", True, 1.5, "x" * 256, 10**255, "a\x00b", "a\ud800", [], {}])
def test_a_row_without_a_usable_id_is_nobody(lms: RosterLms, reader: Reader, user_id: Any) -> None:
    lms.members = [{"user_id": user_id, "name": "Ghost"}, person("s-1")]

    assert [each.subject for each in reader.read()] == ["s-1"]


def test_rows_that_are_no_rows_are_left_out(lms: RosterLms, reader: Reader) -> None:
    lms.plant("page", roster_page(["x", None, 5, [], {}, person("s-1")]))

    assert [each.subject for each in reader.read()] == ["s-1"]


def test_somebody_listed_twice_is_one_person_with_all_roles(lms: RosterLms, reader: Reader) -> None:
    lms.members = [person("s-1", role="Learner"), person("s-2"), person("s-1", role="Instructor", name="Ada")]
    lms.page_size = 2

    roster = reader.read()

    assert roster == [
        RosterMember("s-1", "Ada", None, Role.TEACHER, True),
        RosterMember("s-2", None, None, Role.LEARNER, True),
    ]


@pytest.mark.parametrize("past_first", [True, False])
def test_the_role_of_a_past_enrollment_does_not_count_beside_a_present_one(
    lms: RosterLms, reader: Reader, past_first: bool
) -> None:
    past = person("s-1", role="Instructor", status="Inactive")
    lms.members = [past, person("s-1")] if past_first else [person("s-1"), past]

    assert reader.read() == [RosterMember("s-1", None, None, Role.LEARNER, True)]


def test_a_moodle_course_is_read_page_by_page_as_all_at_once(lms: RosterLms, reader: Reader) -> None:
    pages = json.loads((MOODLE / "nrps-pages.json").read_text("utf-8"))
    whole = json.loads((MOODLE / "nrps-all.json").read_text("utf-8"))
    lms.plant("page", _replayed(whole, lms))
    at_once = reader.read()

    lms.plant("page", *[_replayed(page, lms) for page in pages])
    by_page = reader.read()

    assert at_once == by_page
    assert len(at_once) == 62
    assert "limit=25&from=25" in lms.pages
    by_id = {each.subject: each for each in at_once}
    assert by_id["4"] == RosterMember("4", "Tomás Ibáñez", "ta1@school.example", Role.LEARNER, True)
    assert not [each.name for each in at_once if each.name and "&amp;" in each.name]
    assert sum(each.role is Role.TEACHER for each in at_once) == sum(
        "Instructor" in row["roles"] for row in whole["body"]["members"]
    )


def test_a_moodle_that_keeps_names_back_still_lists_everybody(lms: RosterLms, reader: Reader) -> None:
    minimal = json.loads((MOODLE / "nrps-minimal.json").read_text("utf-8"))
    lms.plant("page", _replayed(minimal | {"headers": {}}, lms))

    roster = reader.read()

    assert [(each.subject, each.name, each.email) for each in roster] == [
        ("4", None, None),
        ("7", None, None),
        ("8", None, None),
    ]


@pytest.mark.parametrize(
    ("case", "code"), [("no such course", Fault.NOT_FOUND), ("Accept: application/json", Fault.REFUSED)]
)
def test_moodle_errors_are_told_apart(lms: RosterLms, reader: Reader, case: str, code: Fault) -> None:
    error = json.loads((MOODLE / "nrps-errors.json").read_text("utf-8"))[case]
    lms.plant("page", _replayed(error, lms))

    assert reader.fault() is code


def _replayed(captured: dict[str, Any], lms: RosterLms) -> Response:
    headers = dict(captured["headers"])
    if "Link" in headers:
        query = headers["Link"].partition("?")[2]
        headers["Link"] = f"<{lms.memberships_url}?{query}"
    return Response(json.dumps(captured["body"]), captured["status"], headers)


def _plant_on_second_page(lms: RosterLms, answer: Any) -> None:
    """Two people on two pages; the second page goes wrong."""
    lms.members = lms.members or [person("s-1"), person("s-2")]
    lms.page_size = 1
    lms.plant("page", roster_page([lms.members[0]], link="<?Bookmark=At-1>; rel=next"), answer)


def test_roles_are_only_those_of_this_course(lms: RosterLms, reader: Reader) -> None:
    elsewhere = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"
    lms.members = [{"user_id": "s-1", "roles": [elsewhere, MEMBERSHIP + "Learner"]}]

    assert reader.read()[0].role is Role.LEARNER
