"""The demo LMS names everybody in a course, page by page, and fails in all the ways that real ones do."""

import pytest
import requests

from lti_tool.demo.names_roles import MEDIA_TYPE
from lti_tool.demo.people import STUDENT_VIEWS, STUDENTS, cast
from tests.demo.conftest import Lms
from tests.demo_lms import TIMEOUT_S

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


def test_pages_of_ten_together_name_everybody_once(lms: Lms) -> None:
    first = lms.roster()
    everybody = lms.members()

    assert first.headers["Content-Type"] == MEDIA_TYPE
    assert len(first.json()["members"]) == 10
    assert len({member["user_id"] for member in everybody}) == len(everybody) == 20


def test_both_courses_together_have_28_students(lms: Lms) -> None:
    people = cast()
    subs = {people[key].sub for key in STUDENTS}
    early, late = lms.members(), lms.members(f"{lms.url}/api/lti/courses/102/names_and_roles")

    assert len(STUDENTS) == 28
    assert {member["user_id"] for member in early + late} & subs == subs
    assert len({each["user_id"] for each in early} & {each["user_id"] for each in late} & subs) == 3


def test_members_look_like_those_of_canvas(lms: Lms) -> None:
    people = cast()
    by_id = {member["user_id"]: member for member in lms.members()}

    assert by_id[people["dandre-washington"].sub] == {
        "status": "Active",
        "user_id": people["dandre-washington"].sub,
        "roles": [LEARNER],
        "name": "D'Andre Washington III",
        "given_name": "D'Andre",
        "family_name": "Washington III",
        "email": "d.washington@lincoln.example",
        "lis_person_sourcedid": people["dandre-washington"].sis_id,
    }
    assert TEST_USER in by_id[people[STUDENT_VIEWS[0]].sub]["roles"]
    assert people["wendell-price"].sub not in by_id


def test_somebody_without_a_name_is_an_id_and_a_role(lms: Lms) -> None:
    late = lms.members(f"{lms.url}/api/lti/courses/102/names_and_roles")
    nameless = next(member for member in late if member["user_id"] == cast()["no-name"].sub)

    assert nameless.keys() == {"status", "user_id", "roles"}


def test_role_and_limit_are_obeyed_on_every_page(lms: Lms) -> None:
    first = lms.roster(f"{lms.url}/api/lti/courses/101/names_and_roles?role={LEARNER.replace('#', '%23')}&limit=4")
    second = lms.roster(first.links["next"]["url"])

    assert [len(page.json()["members"]) for page in (first, second)] == [4, 4]
    assert all(LEARNER in member["roles"] for page in (first, second) for member in page.json()["members"])


def test_an_unknown_role_is_nobody_and_a_greater_limit_is_cut(lms: Lms) -> None:
    roster = f"{lms.url}/api/lti/courses/101/names_and_roles"

    assert lms.roster(f"{roster}?role=Learner").json()["members"] == []
    assert len(lms.roster(f"{roster}?limit=500").json()["members"]) == 10
    assert lms.roster(f"{roster}?limit=none").status_code == 400


def test_a_resource_link_adds_its_message_and_a_foreign_one_is_refused(lms: Lms) -> None:
    roster = f"{lms.url}/api/lti/courses/101/names_and_roles"
    link = lms.roster().json()["context"]["id"]

    assert all("message" in member for member in lms.roster(f"{roster}?rlid={link}").json()["members"])
    assert lms.roster(f"{roster}?rlid=another").status_code == 404


def test_a_page_token_in_small_letters_is_no_token(lms: Lms) -> None:
    following = lms.roster().links["next"]["url"]

    assert lms.roster(following).status_code == 200
    assert lms.roster(following.lower()).status_code == 404


def test_who_leaves_between_two_pages_shifts_nobody(lms: Lms) -> None:
    whole = [member["user_id"] for member in lms.members()]
    first = lms.roster()
    lms.control("courses/period-2/drop", person="grace-okonkwo-reyes")

    second = lms.roster(first.links["next"]["url"])

    assert [member["user_id"] for member in second.json()["members"]] == whole[10:20]


def test_the_roster_is_for_a_good_token_and_the_right_type_only(lms: Lms) -> None:
    roster = f"{lms.url}/api/lti/courses/101/names_and_roles"
    without = requests.get(roster, headers={"Accept": MEDIA_TYPE}, timeout=TIMEOUT_S)

    assert without.status_code == 401
    assert "invalid_token" in without.headers["WWW-Authenticate"]
    assert lms.roster(Authorization="Bearer made-up").status_code == 401
    assert lms.roster(Accept="application/json").status_code == 406
    assert lms.roster(f"{lms.url}/api/lti/courses/103/names_and_roles").status_code == 404


def test_people_come_go_and_change_their_names(lms: Lms) -> None:
    sub = cast()["emma-smith"].sub
    lms.control("courses/period-2/drop", person="emma-smith")
    without = {member["user_id"] for member in lms.members()}
    lms.control("courses/period-2/enroll", person="emma-smith")
    lms.control("people/emma-smith/rename", given="Emma", family="Jones", name="Emma Jones")

    again = next(member for member in lms.members() if member["user_id"] == sub)

    assert sub not in without
    assert again["name"] == "Emma Jones"
    assert "email" not in again


def test_thousands_of_students_are_made_at_once(lms: Lms) -> None:
    made = lms.control("courses/period-5/generate", count=5000)["people"]
    lms.control("page-size", size=2000)

    late = lms.members(f"{lms.url}/api/lti/courses/102/names_and_roles")

    assert len(made) == 5000
    assert len({member["user_id"] for member in late}) == 5000 + 18


def test_a_planted_status_strikes_its_page_as_often_as_it_was_told(lms: Lms) -> None:
    lms.control("faults", at="roster", kind="status", status=429, retry_after="1", page=2, times=1)
    first = lms.roster()

    refused, mended = (lms.roster(first.links["next"]["url"]) for _ in range(2))

    assert (first.status_code, refused.status_code, mended.status_code) == (200, 429, 200)
    assert refused.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("kind", "next_link"),
    [
        ("loop", '<{url}?page={this}>; rel="next"'),
        ("foreign_host", '<http://elsewhere.example/api/lti/courses/101/names_and_roles?page={next}>; rel="next"'),
        ("relative", '</api/lti/courses/101/names_and_roles?page={next}>; rel="next"'),
        ("unquoted", "<{url}?page={next}>; rel=next"),
    ],
)
def test_the_next_link_can_be_bent(lms: Lms, kind: str, next_link: str) -> None:
    true_links = lms.roster().links
    this_token, next_token = (true_links[rel]["url"].partition("?page=")[2] for rel in ("current", "next"))
    lms.control("faults", at="roster", kind=kind)

    sent = lms.roster().headers["Link"].split(",")[1]

    url = f"{lms.url}/api/lti/courses/101/names_and_roles"
    assert sent == next_link.format(url=url, this=this_token, next=next_token)


def test_a_roster_can_be_without_end(lms: Lms) -> None:
    lms.control("faults", at="roster", kind="endless")
    lms.control("page-size", size=100)
    first = lms.roster()

    second = lms.roster(first.links["next"]["url"])

    assert first.json()["members"] == second.json()["members"]
    assert first.links["next"]["url"] != second.links["next"]["url"]


def test_a_roster_can_be_cut_short(lms: Lms) -> None:
    lms.control("faults", at="roster", kind="truncated", times=1)
    with pytest.raises(requests.JSONDecodeError):
        lms.roster().json()

    lms.control("faults", at="roster", kind="cut_off", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        lms.roster()


def test_a_roster_can_be_a_sign_in_page_slow_or_full_of_nonsense(lms: Lms) -> None:
    lms.control("faults", at="roster", kind="html", times=1)
    lms.control("faults", at="roster", kind="slow", delay_s=0.01, times=1)
    lms.control("faults", at="roster", kind="rows", rows=[{"roles": None}, {"user_id": 7}], times=1)

    assert lms.roster().headers["Content-Type"].startswith("text/html")
    assert len(lms.roster().json()["members"]) == 10
    assert lms.roster().json()["members"][10:] == [{"roles": None}, {"user_id": 7}]


def test_requests_are_counted_by_path(lms: Lms) -> None:
    lms.control("requests/clear")
    lms.roster()

    counted = requests.get(f"{lms.url}/control/requests", timeout=TIMEOUT_S).json()

    assert counted == {"/login/oauth2/token": 1, "/api/lti/courses/101/names_and_roles": 1}


def test_a_fault_that_does_not_exist_is_refused(lms: Lms) -> None:
    for body in ({"at": "roster", "kind": "made-up"}, {"at": "token", "kind": "loop"}, {"at": "roster"}):
        answer = requests.post(f"{lms.url}/control/faults", json=body, timeout=TIMEOUT_S)
        assert answer.status_code == 400
