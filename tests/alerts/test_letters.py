"""Letters over real SMTP: what they say, to whom, and what comes of a mail server that is down, refuses or hangs."""

import re
import time
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lti_tool.alerts import composing, leaving, letters, wishes
from lti_tool.alerts.levels import EMPTY, EVENTS, FIFTH
from lti_tool.members.people import Person
from tests.alerts.mail import Office
from tests.factories import NOW, SECRET_KEY


def run_low(office: Office) -> None:
    """Grace asked, a fifth is crossed, and the letter is written."""
    office.ask()
    office.give(81)
    office.look()
    assert office.states() == [(FIFTH, "waiting")]


def test_a_letter_says_the_figures_names_no_student_and_can_be_stopped(office: Office) -> None:
    run_low(office)
    assert office.post() == 1
    [letter] = office.server.got
    assert (letter["To"], letter["From"]) == ("grace@school.example", "creditroll@tool.test")
    assert letter["Subject"] == "Springfield High has 19 of 100 credits left"
    text = letter.get_content()
    assert letter.get_content_type() == "text/plain"
    assert "Springfield High has 19 of 100 credits left." in text
    assert "press Add Credits" in text
    assert "Ada" not in str(letter)
    link = letter["List-Unsubscribe"].strip("<>")
    assert link in text
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = link.removeprefix("https://tool.test/alerts/leave/")
    assert leaving.read(token, secret_key=SECRET_KEY) == office.key
    assert leaving.read(token[:-1], secret_key=SECRET_KEY) is None
    assert office.states() == [(FIFTH, "sent")]
    assert office.post() == 0


def test_mail_programs_find_the_link_as_it_is_in_the_head_of_the_letter(office: Office) -> None:
    run_low(office)
    [letter] = office.letters()
    with office.books() as session:
        ready = composing.compose(session, letter, settings=office.settings)
    assert ready is not None
    [line] = [line for line in ready.text.split(b"\r\n") if line.startswith(b"List-Unsubscribe:")]
    assert re.fullmatch(rb"List-Unsubscribe: <https://tool\.test/alerts/leave/[\w.-]+>", line)


def test_a_server_that_is_down_gets_it_later_and_once(office: Office) -> None:
    run_low(office)
    port, office.port = office.port, 9  # nobody listens there
    office.post()
    assert office.states() == [(FIFTH, "waiting")]
    assert office.letters()[0].error == "ConnectionRefusedError"
    office.port = port
    assert office.post() == 0, "not before the pause is over"
    office.later(minutes=2)
    assert office.post() == 1
    office.later(days=1)
    office.post()
    assert len(office.server.got) == 1


def test_a_server_that_stays_down_is_given_up_after_a_day(office: Office) -> None:
    run_low(office)
    office.port = 9
    for _ in range(40):
        office.post()
        office.later(hours=1)
    [letter] = office.letters()
    assert letter.status == "failed"
    assert letter.tries < 15


@pytest.mark.parametrize(
    ("verb", "answer", "status"),
    [
        ("RCPT", "550 No such user grace@school.example", "failed"),
        (".", "554 We think that this is spam", "failed"),
        ("RCPT", "451 Greylisted", "waiting"),
        ("MAIL", "550 Not from there", "waiting"),
        (".", "452 Full", "waiting"),
    ],
)
def test_a_refusal_is_final_where_it_is_of_this_letter(office: Office, verb: str, answer: str, status: str) -> None:
    run_low(office)
    office.server.says[verb] = answer
    office.post()
    [letter] = office.letters()
    assert letter.status == status
    assert letter.error == f"SMTP {answer[:3]}", "and nothing that names anybody"
    office.server.says.clear()
    office.later(minutes=2)
    office.post()
    assert len(office.server.got) == (1 if status == "waiting" else 0)


@pytest.mark.parametrize(("verb", "status"), [("RCPT", "waiting"), (".", "handed")])
def test_a_server_that_hangs_is_left_and_never_gets_a_text_twice(office: Office, verb: str, status: str) -> None:
    run_low(office)
    office.server.hangs.add(verb)
    office.within_s = 0.3
    began = time.monotonic()
    office.post()
    assert time.monotonic() - began < 5
    assert office.states() == [(FIFTH, status)]
    office.server.hangs.clear()
    office.within_s = 5.0
    office.later(hours=1)
    assert office.post() == (1 if status == "waiting" else 0)


def test_who_dies_on_the_way_leaves_it_to_the_next_unless_the_text_went_out(office: Office) -> None:
    run_low(office)
    with office.books() as session:
        assert letters.claim(session, now=office.now)
    assert office.post() == 0, "it is another's at the moment"
    office.later(minutes=3)
    with office.books() as session:
        claimed = letters.claim(session, now=office.now)
        assert claimed
        assert letters.hand(session, claimed)
    office.later(minutes=3)
    assert office.post() == 0


def test_what_is_not_true_or_not_wanted_any_more_is_not_sent(office: Office) -> None:
    run_low(office)
    office.refill(50)
    office.look()
    office.post()
    office.give(50)
    office.look()
    office.change(lambda session: wishes.leave(session, office.key, now=NOW))
    office.post()
    office.ask()
    office.refill(200)
    office.look()
    office.give(195)
    office.look()
    office.name_another_manager()
    office.post()
    assert [status for _, status in office.states()] == ["dropped"] * 3
    assert office.server.got == []


def test_without_an_address_there_is_no_letter(office: Office) -> None:
    run_low(office)

    def forget(session: Session) -> None:
        session.get_one(Person, office.grace).email = "nobody@x\nBcc: all@school.example"

    office.change(forget)
    office.post()
    assert office.states() == [(FIFTH, "dropped")]


def test_old_letters_are_forgotten(office: Office) -> None:
    run_low(office)
    office.post()
    with office.books() as session:
        assert letters.forget(session, now=office.now + timedelta(days=29)) == 0
        assert letters.forget(session, now=office.now + timedelta(days=31)) == 1


def test_an_empty_license_says_so(office: Office) -> None:
    office.ask(*EVENTS)
    office.give(100)
    office.look()
    office.post()
    assert office.server.got[0]["Subject"] == "Springfield High has no credits left to give"
    assert office.states() == [(EMPTY, "sent")]
