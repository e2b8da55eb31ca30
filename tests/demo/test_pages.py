"""The pages of the demo LMS: anybody steps in as anybody, by links alone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from lti_tool.demo.people import STUDENTS, cast
from lti_tool.demo.platform import LmsConfig, create_lms
from tests.demo.conftest import Lms
from tests.demo_lms import TIMEOUT_S

ALONE = LmsConfig(url="http://localhost:21000", tool_url="http://127.0.0.1:21001")


def test_the_front_page_links_to_everybody_in_each_course(lms: Lms) -> None:
    page = requests.get(lms.url, timeout=TIMEOUT_S).text
    linked = set(re.findall(r'href="(/courses/[^"]+)"', page))

    assert {path.rpartition("/")[2] for path in linked} == set(cast())
    assert {"/courses/period-2/as/wendell-price", "/courses/period-5/as/wendell-price"} <= linked
    assert all(requests.get(lms.url + path, timeout=TIMEOUT_S).status_code == 200 for path in linked)


def test_names_are_shown_as_they_are_and_never_as_markup(lms: Lms) -> None:
    page = requests.get(lms.url, timeout=TIMEOUT_S).text

    assert "<b>Bobby</b>" not in page
    assert "Robin &lt;b&gt;Bobby&lt;/b&gt; Tables &amp; Sons" in page
    assert "e.smith27@lincoln.example" in page


def test_a_course_page_frames_the_tool_and_offers_a_new_tab(lms: Lms) -> None:
    page = requests.get(f"{lms.url}/courses/period-2/as/mateo-ruiz", timeout=TIMEOUT_S)

    launch = "/courses/period-2/as/mateo-ruiz/launch"
    assert f'<iframe title="Creditroll" src="{launch}?frame=yes" data-tool-origin="{lms.config.tool_url}"' in page.text
    assert f'<a href="{launch}" target="_blank" rel="noopener">Open in a new tab</a>' in page.text
    assert f"frame-src 'self' {lms.config.tool_url};" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_an_assignment_page_frames_its_own_launch(lms: Lms) -> None:
    page = requests.get(f"{lms.url}/courses/period-2/as/mateo-ruiz/assignment", timeout=TIMEOUT_S)

    assert 'src="/courses/period-2/as/mateo-ruiz/assignment/launch?frame=yes"' in page.text


@pytest.mark.parametrize("path", ["period-3/as/mateo-ruiz", "period-2/as/nobody", "period-5/as/mateo-ruiz"])
def test_who_is_not_in_a_course_gets_a_page_that_leads_back(lms: Lms, path: str) -> None:
    page = requests.get(f"{lms.url}/courses/{path}", timeout=TIMEOUT_S)

    assert page.status_code == 404
    assert "Step in as someone" in page.text


def test_a_crowded_course_lists_its_first_hundred(lms: Lms) -> None:
    lms.control("courses/period-2/generate", count=1500)

    assert "1,416 more are in the course" in requests.get(lms.url, timeout=TIMEOUT_S).text


def test_reset_brings_the_first_day_back(lms: Lms) -> None:
    lms.control("courses/period-2/drop", person="emma-smith")
    lms.control("courses/period-2/generate", count=3)
    lms.control("reset")

    assert len(re.findall(r"/as/student-\d", requests.get(lms.url, timeout=TIMEOUT_S).text)) == 0
    assert requests.get(f"{lms.url}/courses/period-2/as/emma-smith", timeout=TIMEOUT_S).status_code == 200


def test_without_control_nobody_changes_a_roster() -> None:
    client = create_lms(ALONE).test_client()

    assert client.post("/control/reset", json={}).status_code == 404


def test_control_takes_json_only_so_that_no_foreign_page_can_use_it(lms: Lms) -> None:
    for path in ("courses/period-2/drop", "page-size", "faults"):
        answer = requests.post(f"{lms.url}/control/{path}", data='{"person": "emma-smith"}', timeout=TIMEOUT_S)
        assert answer.status_code == 415


def test_a_kept_key_has_the_same_kid_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "lms" / "key.pem"
    starts = [create_lms(replace(ALONE, key_path=path)).test_client() for _ in range(2)]
    first, second = (start.get("/api/lti/security/jwks").get_json() for start in starts)

    assert first == second
    assert path.stat().st_mode & 0o077 == 0
    assert set(first["keys"][0]) == {"kty", "n", "e", "kid", "alg", "use"}


def test_the_cast_is_the_same_at_every_start() -> None:
    assert [each.sub for each in cast().values()] == [each.sub for each in cast().values()]
    assert len({each.sub for each in cast().values()}) == len(cast()) == len(STUDENTS) + 6
