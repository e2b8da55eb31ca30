"""What the operator changes by a page: it is done once, says what it did, and is written down."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from lti_tool.jobs import JOBS
from lti_tool.ledger.pools import Pool
from lti_tool.ledger.transfers import Transfer
from lti_tool.licenses.licenses import License
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.members import roster_reads
from lti_tool.webhooks.deliveries import Delivery
from lti_tool.webhooks.endpoints import Endpoint
from tests.conftest import Books
from tests.demo_lms import running
from tests.factories import EXPORT_CREDITS
from tests.ledger.planting import unguarded
from tests.web import pages
from tests.web.operator.conftest import World
from tests.web.pages import Page
from tests.webhooks.receiving import Receiver


def press(client: FlaskClient, page: str, action: str, **values: str) -> Page:
    """Presses the button of that form on that page, and opens what it leads to."""
    answer = pages.post(client, pages.get(client, page).form(action), **values)
    return pages.get(client, answer.headers["Location"]) if answer.status_code == 303 else Page(answer)


def count(books: Books, statement: str) -> int:
    with books() as session:
        return int(session.execute(text(statement)).scalar_one())


def test_a_deployment_is_approved_by_one_press(
    operator: FlaskClient, world: World, books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    page = f"/operator/platforms/{world.platform}"
    action = f"{page}/deployments/{world.deployment}"
    form = pages.get(operator, page).form(action)
    for _ in range(2):  # a second press does no harm
        assert pages.post(operator, form).status_code == 303
    with books() as session:
        assert session.get_one(Deployment, world.deployment).status == "active"
    assert "its next launch gets in" in pages.get(operator, f"{page}?done=deployment").text
    assert f"operator approved deployment {world.deployment}" in caplog.text


def test_a_deployment_of_another_platform_is_none_of_this_one(
    operator: FlaskClient, world: World, books: Books
) -> None:
    form = dict(pages.get(operator, "/operator/").form("/operator/leave").fields)
    answer = operator.post(f"/operator/platforms/{world.license}/deployments/{world.deployment}", data=form)
    assert answer.status_code == 404
    with books() as session:
        assert session.get_one(Deployment, world.deployment).status == "pending"


def test_a_platform_is_switched_off_after_a_question_and_approved_again(
    operator: FlaskClient, world: World, books: Books
) -> None:
    page = f"/operator/platforms/{world.platform}"
    asked = pages.get(operator, f"{page}/disable")
    assert "Nobody gets in" in asked.text
    off = press(operator, f"{page}/disable", f"{page}/disable")
    assert "Switched off: nobody gets in" in off.text
    with books() as session:
        assert session.get_one(Platform, world.platform).status == "disabled"
    assert "Approved: launches" in press(operator, page, f"{page}/approve").text
    with books() as session:
        assert session.get_one(Platform, world.platform).status == "active"
        assert session.get_one(Deployment, world.deployment).status == "pending"  # it was not what waited


def test_addresses_are_corrected_and_a_wrong_one_is_kept_as_typed(
    operator: FlaskClient, world: World, books: Books
) -> None:
    page = f"/operator/platforms/{world.platform}/addresses"
    wrong = press(operator, page, page, jwks_url="http://lms.test/keys")
    assert (wrong.status, "must begin with https://" in wrong.text) == (422, True)
    assert wrong.find("input", name="jwks_url")[0]["value"] == "http://lms.test/keys"
    assert "The addresses are saved." in press(operator, page, page, jwks_url="https://lms.test/keys").text
    with books() as session:
        assert session.get_one(Platform, world.platform).jwks_url == "https://lms.test/keys"


def test_the_self_test_runs_and_its_result_stays(operator: FlaskClient, world: World, books: Books) -> None:
    page = f"/operator/platforms/{world.platform}"
    with books() as session:
        found = session.get_one(Platform, world.platform)
        found.auth_login_url = found.jwks_url = found.auth_token_url = "http://127.0.0.1:9/nothing"
    assert "It was never tested." in pages.get(operator, page).text
    tested = press(operator, page, f"{page}/test")
    assert "The test has ended." in tested.text
    assert tested.text.count("to be mended") >= 3
    assert "to mend" in pages.get(operator, "/operator/platforms").text


def grant(client: FlaskClient, license_id: str, credits: str, **more: str) -> Page:
    """The page that asks whether the grant is right, or what is wrong with it."""
    page = f"/operator/licenses/{license_id}/grant"
    return press(client, page, page, credits=credits, **more)


def issued(books: Books, license_id: str) -> int:
    with books() as session:
        return session.get_one(Pool, (license_id, EXPORT_CREDITS.name)).issued


def test_a_grant_states_the_sum_first_and_counts_once(operator: FlaskClient, world: World, books: Books) -> None:
    page = f"/operator/licenses/{world.license}/grant"
    asked = grant(operator, world.license, "50", note="Goodwill <3")
    assert "License total now 300 This grant + 50 License total after it 350" in asked.text
    assert issued(books, world.license) == 300
    form = asked.form(page)
    done = [pages.post(operator, form, step="grant").headers["Location"] for _ in range(2)]
    assert done[0] == done[1]
    assert issued(books, world.license) == 350
    assert "Granted: 50. After it 340 were not allotted yet." in pages.get(operator, done[0]).text
    with books() as session:
        assert [one.note for one in session.query(Transfer).filter_by(kind="grant", amount=50)] == ["Goodwill <3"]


def test_a_large_grant_is_asked_twice(operator: FlaskClient, world: World, books: Books) -> None:
    page = f"/operator/licenses/{world.license}/grant"
    asked = grant(operator, world.license, "1,000")
    assert "more than the license ever had" in asked.text
    again = Page(pages.post(operator, asked.form(page), step="grant"))
    assert (again.status, "Nothing was granted yet." in again.text) == (422, True)
    assert issued(books, world.license) == 300
    assert pages.post(operator, again.form(page), step="grant", sure="yes").status_code == 303
    assert issued(books, world.license) == 1_300


@pytest.mark.parametrize(("credits", "says"), [("0", "from 1 to"), ("many", "whole number"), ("", "whole number")])
def test_a_wrong_grant_says_why_and_grants_nothing(
    operator: FlaskClient, world: World, books: Books, credits: str, says: str
) -> None:
    wrong = grant(operator, world.license, credits)
    assert (wrong.status, says in wrong.text) == (422, True)
    assert grant(operator, world.license, "5", note="x" * 501).status == 422
    assert issued(books, world.license) == 300


def test_switches_of_a_license(operator: FlaskClient, world: World, books: Books) -> None:
    page = f"/operator/licenses/{world.license}"
    assert "may do what teachers may, from their next click" in press(operator, page, f"{page}/assistants").text
    assert "as soon as they are placed" in press(operator, page, f"{page}/trust").text
    with books() as session:
        found = session.get_one(License, world.license)
        assert (found.assistants_teach, found.is_trusted) == (True, True)
    press(operator, page, f"{page}/assistants")
    with books() as session:
        assert not session.get_one(License, world.license).assistants_teach


def test_the_sum_of_a_license_adds_up(operator: FlaskClient, world: World) -> None:
    told = pages.get(operator, f"/operator/licenses/{world.license}").text
    sum_ = r"yet (\d+) With members, available \+ (\d+) Reserved \+ (\d+) Used \+ (\d+) License total (\d+)"
    parts = re.search(sum_, told)
    assert parts is not None
    *added, total = map(int, parts.groups())
    assert (sum(added), total) == (300, 300)
    assert "1 are in a course" not in told
    assert "2, of whom 2 are in a course now" in told
    assert "Grace Okonkwo" in told  # a manager, and no pupil


def test_what_failed_is_sent_again(operator: FlaskClient, world: World, books: Books) -> None:
    page = f"/operator/webhooks/{world.endpoint}"
    again = press(operator, page, f"{page}/replay", event="")
    assert "1 event is on its way again." in again.text
    with books() as session:
        assert session.query(Delivery).one().status == "waiting"
    assert "Nothing was sent" in press(operator, page, f"{page}/replay", event="").text
    assert "1 event is on its way again." in press(operator, page, f"{page}/replay", event=world.event).text


def test_a_ping_says_how_it_went_and_switches_on_again(operator: FlaskClient, world: World, books: Books) -> None:
    page, receiver = f"/operator/webhooks/{world.endpoint}", Receiver()
    with running(receiver) as url:
        with books() as session:
            endpoint = session.get_one(Endpoint, world.endpoint)
            endpoint.url, endpoint.status = url, "off"
            endpoint.ended_at, endpoint.ended_why = endpoint.created_at, "It took nothing for three days."
        receiver.says(500, "<b>broken</b>")
        failed = press(operator, page, f"{page}/test")
        assert (failed.status, "It did not take the ping: HTTP 500" in failed.text) == (422, True)
        receiver.says(204)
        assert "It took the ping" in press(operator, page, f"{page}/test").text
    with books() as session:
        assert session.get_one(Endpoint, world.endpoint).status == "on"


def test_a_new_secret_is_shown_once(operator: FlaskClient, world: World) -> None:
    page = f"/operator/webhooks/{world.endpoint}"
    shown = press(operator, f"{page}/secret", f"{page}/secret")
    secret = re.search(r"whsec_\S+", shown.text)
    assert secret is not None
    for other in (page, f"{page}/secret"):
        assert "whsec_" not in pages.get(operator, other).text
    assert "signs too, until" in pages.get(operator, page).text


def test_a_webhook_is_removed_after_a_question(operator: FlaskClient, world: World, books: Books) -> None:
    page = f"/operator/webhooks/{world.endpoint}/remove"
    form = pages.get(operator, page).form(page)
    assert "The webhook is removed" in press(operator, page, page).text
    assert pages.post(operator, form).status_code == 404
    assert count(books, "select count(*) from webhook_endpoints") == 0


def test_a_roster_is_read_again(operator: FlaskClient, world: World, books: Books) -> None:
    action = f"/operator/rosters/{world.course}"
    assert "is read again in the background" in press(operator, "/operator/rosters", action).text
    with books() as session:
        read = roster_reads.progress(session, world.course)
        assert read is not None
        assert read.status == "queued"
    operator.application.extensions[JOBS].work_off()
    assert "platform_off" in pages.get(operator, "/operator/rosters").text


def test_an_audit_runs_in_the_background_and_lists_what_is_wrong(
    operator: FlaskClient, world: World, books: Books, engine: Engine
) -> None:
    began = press(operator, "/operator/audit", "/operator/audit")
    assert "0 of 25 checks are done." in began.text
    operator.application.extensions[JOBS].work_off()
    assert "The books balance" in pages.get(operator, "/operator/audit").text
    with unguarded(engine) as session:
        session.execute(text("update pools set balance = balance - 1"))
        session.commit()
    press(operator, "/operator/audit", "/operator/audit")
    operator.application.extensions[JOBS].work_off()
    told = pages.get(operator, "/operator/audit").text
    assert "The books have 2 faults" in told
    assert "pool_balance" in told
    assert "The books have 2 faults." in pages.get(operator, "/operator/").text


def test_no_change_is_made_by_a_form_of_another_visit(operator: FlaskClient, world: World, engine: Engine) -> None:
    rules = [
        rule
        for rule in operator.application.url_map.iter_rules()
        if rule.endpoint.startswith("operator.") and "POST" in (rule.methods or ()) and "token" not in rule.arguments
    ]
    for rule in rules:
        path = re.sub(r"<\w+>", world.license, rule.rule)
        answer = operator.post(path, data={"operator_form": "another's"})
        assert (answer.status_code, "earlier visit" in answer.text) == (400, True), path
    assert len(rules) >= 18
