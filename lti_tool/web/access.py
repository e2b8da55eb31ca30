"""Who may call what: every route declares it, and what was not declared is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask, current_app, g, request

from lti_tool import clock
from lti_tool.db import db
from lti_tool.errors import Refusal
from lti_tool.language import _
from lti_tool.licenses import licenses
from lti_tool.lti.roles import Role
from lti_tool.members import reach
from lti_tool.web import operator_visit, session
from lti_tool.web.operator_visit import OperatorVisit
from lti_tool.web.session import Visit

View = TypeVar("View", bound=Callable[..., object])


class NoVisit(Refusal):
    """A page opened without a launch, or after its session ended."""

    code = "no_session"
    status = 401


class NoOperator(Refusal):
    """A page of the operator's without their visit, or after it ended."""

    code = "no_operator"
    status = 401


class NotYours(Refusal):
    """The visit does not reach this page."""

    code = "not_allowed"
    status = 403


@dataclass(frozen=True)
class Rule:
    """`roles` may call; empty means that the route checks by itself (`why` says how) or is public.

    `assistants` may too where the licence treats them as teachers.
    """

    why: str
    roles: frozenset[Role] = frozenset()
    manages: bool = False
    assistants: bool = False
    is_by_address: bool = False
    """Whoever has the address may call: so it is passed on to nobody, framed by nobody and found by no search."""
    is_operators: bool = False
    """The operator's own visit is needed, and no launch's counts."""

    def lets_in(self, visit: Visit) -> bool:
        """Whether the visit's person may call."""
        return visit.role in self.roles and (visit.manages or not self.manages)


PUBLIC = Rule("public: shows nothing of anybody")
PLATFORM = Rule("the LMS: the message's own signature is checked")
REGISTRANT = Rule("an LMS that asks to be registered: its own token is what counts")
ADMINISTRATOR = Rule("whoever adds the tool to an LMS, without an account: shows nothing of anybody")
PICKER = Rule("a picker's page: what it holds is signed by us")
OFFICE = Rule("a school's office: the link's signature is checked, and that it still counts", is_by_address=True)
LETTER = Rule("who got a letter: its link's signature is checked, and it only stops letters", is_by_address=True)
PROVIDER = Rule("the payment provider: the message's own signature is checked")
LINK_HOLDER = Rule("who has the operator's link: it is checked, and counts once", is_by_address=True)
OPERATOR = Rule("the operator, by a link of the command line", is_operators=True)
PROGRAM = Rule("a program: its API key is checked")
STAFF = Rule("staff of the course, to look", frozenset(role for role in Role if role.is_staff))
TEACHER = Rule("teachers of the course, to change", frozenset({Role.TEACHER}), assistants=True)
LMS_TEACHER = Rule("teachers of the course by the LMS's own word", frozenset({Role.TEACHER}))
MANAGER = Rule("managers of the license (R24)", frozenset({Role.TEACHER}), manages=True)
STUDENT = Rule("students, and observers who see whom they mentor", frozenset({Role.LEARNER, Role.OBSERVER}))
LEARNER = Rule("students, for themselves", frozenset({Role.LEARNER}))


def only(rule: Rule) -> Callable[[View], View]:
    """Declares who may call the view below it."""

    def declare(view: View) -> View:
        view.access = rule  # type: ignore[attr-defined] # functions take attributes; typing has no word for it
        return view

    return declare


def enforce(app: Flask) -> None:
    """Checks each request against its route's rule before the view runs."""
    app.before_request(_check)
    app.context_processor(_of_the_visit)


def visit() -> Visit:
    """The visit of this request; only in views whose rule names roles."""
    found: Visit = g.visit
    return found


def operator() -> OperatorVisit:
    """The operator's visit of this request; only in views whose rule is OPERATOR."""
    found: OperatorVisit = g.operator
    return found


def teaches() -> bool:
    """Whether this request's visit may do what teachers of its course may; never by a mark or a setting of the past."""
    found: bool = g.teaches
    return found


def rule() -> Rule | None:
    """Who may call this request's route; None where there is no route, or it does not say."""
    return _declared(request.endpoint)


def reaches(visit: Visit, endpoint: str) -> bool:
    """Whether the visit may open that route's page."""
    declared = _declared(endpoint)
    return declared is not None and declared.lets_in(visit)


def acts_for_a_visit() -> bool:
    """Whether this request's route acts for whom a launch let in, and so needs a form of that visit."""
    declared = rule()
    return declared is not None and bool(declared.roles)


def _of_the_visit() -> dict[str, str]:
    """What a page needs to go on in its visit; not for pages of others, as a refused launch, whosever cookie it has."""
    return {"visit_token": session.token(clock.now()) if acts_for_a_visit() else ""}


def _declared(endpoint: str | None) -> Rule | None:
    return getattr(current_app.view_functions.get(endpoint or ""), "access", None)


def _check() -> None:
    if request.endpoint is None:
        return  # no route: a 404 by itself
    declared = rule()
    if declared is None:
        raise NotYours(_("This address does not say who may use it."))
    if declared.is_operators:
        g.operator = _operator()
    if not declared.roles:
        return
    found = session.current(clock.now())
    if found is None:
        raise NoVisit(_("Open it again from your course. Nothing was lost."))
    g.teaches = found.role is Role.TEACHER
    if found.role is Role.TA and found.license_id and found.member_id and found.context_id:
        standing = reach.assistant(db.session(), found.license_id, found.member_id, found.context_id)
        if not standing.is_staff:
            raise NoVisit(_("Your role in the course has changed. Open it again from your course."))
        g.teaches = standing.may_teach
    if declared.manages and found.manages and not _still_manages(found):
        raise NoVisit(_("Who manages the license has changed. Open it again from your course."))
    if not declared.lets_in(found) and not (declared.assistants and g.teaches):
        raise NotYours(_("This page is not for your role in the course."))
    g.visit = found


def _still_manages(visit: Visit) -> bool:
    """Asked at each request, as of assistants: who manages orders goods that somebody pays for (R24)."""
    if visit.license_id is None or visit.person_id is None:
        return True
    return licenses.is_manager(db.session(), visit.license_id, visit.person_id)


def _operator() -> OperatorVisit:
    found = operator_visit.current(db.session(), now=clock.now())
    if found is None:
        raise NoOperator(_("Run `creditroll operator link`, and open the address that it prints."))
    return found
