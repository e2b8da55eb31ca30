"""A launch becomes a member: person, membership, enrolment and, for a student with nothing left, a bundle.

All of it happens in the launch's own transaction; a launch of somebody who is known writes one row.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.db import Sql, Write, micros
from lti_tool.ids import new_id
from lti_tool.ledger import accounts, issuing
from lti_tool.ledger.allotment import TopUp, top_up_at_launch
from lti_tool.ledger.movements import SYSTEM, Actor
from lti_tool.ledger.refusals import NotActive
from lti_tool.licenses import bindings, licenses
from lti_tool.lti.launches import Arrival
from lti_tool.lti.roles import Role
from lti_tool.members.people import pseudonym, sort_name, standing_role
from lti_tool.settings import Settings


@dataclass(frozen=True)
class Admitted:
    """What a launch led to. Without `license_id` the course is not set up, and `person_id` is a teacher's whom other
    courses made known; without `member_id` nothing is held.

    `mentored` are the members whom an observer may see; `top_up` is what a student's launch allotted, or why not.
    `is_marked` is who came as a student and is staff here by a teacher's mark (R26).
    """

    license_id: str | None = None
    person_id: str | None = None
    member_id: str | None = None
    manages: bool = False
    mentored: tuple[str, ...] = ()
    top_up: TopUp | None = None
    is_marked: bool = False

    def role(self, launched: Role) -> Role:
        """What the visit may do: as the launch said, or for whom a teacher marked as staff, as an assistant."""
        return Role.TA if self.is_marked else launched


@dataclass(frozen=True)
class _Known:
    """What the books have of the person before this launch."""

    person_id: str
    name: str | None
    email: str | None
    member_id: str | None
    launch_role: Role | None
    roster_role: Role | None
    active: bool
    is_marked: bool


def admit(session: Session, arrival: Arrival, *, settings: Settings, now: datetime) -> Admitted:
    """Lets the person of a verified launch in: rules R4, R7, R8, R14, R20, R22 to R24, R26.

    Student View, observers and people without a role here get no account; in a course without a licence nothing is
    created. `arrival.claims.subject` must be there.
    """
    if arrival.context_id is None:
        return Admitted()
    license_id = _license(session, arrival, settings=settings, now=now)
    if license_id is None:
        return Admitted(person_id=_known_teacher(session, arrival))
    if not arrival.role.has_account:
        return Admitted(license_id, mentored=_mentored(session, arrival, license_id))
    known = _find(session, arrival, license_id)
    if known is None:
        newcomer = _newcomer(session, arrival, license_id, settings=settings, now=now)
        if newcomer is not None:
            return newcomer
        known = _find(session, arrival, license_id)  # another launch of the same person was first
        assert known is not None
    _rename(session, arrival, known)
    member_id = known.member_id or _member(session, license_id, known.person_id, now=now)
    role = _enroll(session, arrival, license_id, member_id, known, now=now)
    manages = arrival.role is Role.TEACHER and licenses.is_manager(session, license_id, known.person_id)
    top_up = None
    if arrival.role is Role.LEARNER and role is Role.LEARNER:
        top_up = _top_up(session, license_id, member_id, settings=settings, now=now)
        if top_up is None:  # who first came at the moment that the pool was opened, and neither saw the other
            accounts.open_accounts(session, license_id, [member_id])
            top_up = _top_up(session, license_id, member_id, settings=settings, now=now)
    is_marked = arrival.role is Role.LEARNER and known.is_marked
    return Admitted(license_id, known.person_id, member_id, manages=manages, top_up=top_up, is_marked=is_marked)


def _top_up(session: Session, license_id: str, member_id: str, *, settings: Settings, now: datetime) -> TopUp | None:
    with suppress(NotActive):  # a licence of another resource alone has no account here, and nothing to give
        return top_up_at_launch(session, license_id, settings.resource, member_id, now=now)
    return None


_INSERT_PERSON = """
    insert into people (id, platform_id, subject, name, sort_name, email, created_at)
    values (:person_id, :platform_id, :subject, :name, :sort_name, :email, :now)
    on conflict do nothing
    returning id
"""

_MEMBER = "id, license_id, person_id, created_at, sort_name, lower_email"
_ENROLLMENT = "context_id, member_id, license_id, launch_role, roster_role, role, active, last_launch_at"

_WELCOME = Write(
    _INSERT_PERSON,
    f"""
    insert into members ({_MEMBER})
    values (:member_id, :license_id, :person_id, :now, :sort_name, lower(coalesce(:email, '')))
    """,
    accounts.OPEN_FOR_NEWCOMER.format(member_id=":member_id", joined=""),
    f"""
    insert into enrollments ({_ENROLLMENT})
    values (:context_id, :member_id, :license_id, :launch_role, null, :role, :yes, :now)
    """,
    postgresql=f"""
    with person as ({_INSERT_PERSON}, sort_name, email),
    member as (
        insert into members ({_MEMBER})
        select :member_id, :license_id, id, :now, sort_name, lower(coalesce(email, '')) from person
        returning id),
    account as ({accounts.OPEN_FOR_NEWCOMER.format(member_id="m.id", joined=", member m")}),
    enrollment as (
        insert into enrollments ({_ENROLLMENT})
        select :context_id, id, :license_id, :launch_role, null, :role, :yes, :now from member)
    select id from person
    """,
)


def _newcomer(
    session: Session, arrival: Arrival, license_id: str, *, settings: Settings, now: datetime
) -> Admitted | None:
    """Lets in whom nobody knew; None, and nothing done, where another launch of theirs was first."""
    person, member_id = _as_person(arrival, now=now), new_id()
    role = standing_role(arrival.role, None).value
    enrolled = {"member_id": member_id, "context_id": arrival.context_id, "launch_role": role, "role": role}
    welcomed = _WELCOME.send(session, **person, **enrolled, license_id=license_id, yes=True)
    # Sent together with the above: without them there is no account, and so nothing happens here.
    is_learner = arrival.role is Role.LEARNER
    top_up = _top_up(session, license_id, member_id, settings=settings, now=now) if is_learner else None
    if welcomed.first() is None:
        return None
    person_id = str(person["person_id"])
    manages = arrival.role is Role.TEACHER and licenses.is_manager(session, license_id, person_id)
    return Admitted(license_id, person_id, member_id, manages=manages, top_up=top_up)


def _license(session: Session, arrival: Arrival, *, settings: Settings, now: datetime) -> str | None:
    assert arrival.context_id is not None
    found = bindings.license_of_course(session, arrival.deployment_id, arrival.context_id, now=now)
    if found or arrival.role is not Role.TEACHER:
        return found
    # Teachers who open a course for the first time at once: one of them decides, the others find it decided.
    _LOCK_COURSE.run(session, context_id=arrival.context_id)
    found = bindings.license_of_course(session, arrival.deployment_id, arrival.context_id, now=now)
    if found:
        return found
    found = _owned(session, arrival)
    if found is None and settings.provisioning == "trial":
        found = _trial(session, arrival, settings=settings, now=now)
    if found:
        bindings.bind(session, found, arrival.deployment_id, arrival.context_id, now=now)
    return found


_LOCK_COURSE = Sql(
    "select id from contexts where id = :context_id",
    postgresql="select id from contexts where id = :context_id for no key update",
)

_LOCK_OWNER = Sql(
    "select id from people where id = :person_id",
    postgresql="select id from people where id = :person_id for no key update",
)


def _owned(session: Session, arrival: Arrival) -> str | None:
    subject = arrival.claims.subject
    assert subject is not None
    return bindings.license_owned_by(session, arrival.platform_id, subject, arrival.deployment_id)


def _trial(session: Session, arrival: Arrival, *, settings: Settings, now: datetime) -> str:
    owner = _ensure_person(session, arrival, now=now)
    _LOCK_OWNER.run(session, person_id=owner)
    if found := _owned(session, arrival):  # begun a moment ago, by their launch of another course
        return found
    name = arrival.claims.name or pseudonym(owner)
    made = licenses.create(session, name=f"{name} (trial)", now=now, owner_person_id=owner)
    resource = settings.resource
    issuing.grant(session, made.id, resource, amount=settings.trial_credits, actor=SYSTEM, now=now, note="Trial")
    return made.id


_PERSON_ID = Sql("select id from people where platform_id = :platform_id and subject = :subject")


def _known_teacher(session: Session, arrival: Arrival) -> str | None:
    """Who may be offered the licence of a course that this one is a copy of; nobody new is kept (R23)."""
    if arrival.role is not Role.TEACHER:
        return None
    found = _PERSON_ID.run(session, platform_id=arrival.platform_id, subject=arrival.claims.subject).scalar()
    return None if found is None else str(found)


_FIND = Sql(
    """
    select p.id, p.name, p.email, m.id, e.launch_role, e.roster_role, coalesce(e.active, :no),
           coalesce(e.is_marked_staff, :no)
      from people p
      left join members m on m.person_id = p.id and m.license_id = :license_id
      left join enrollments e on e.member_id = m.id and e.context_id = :context_id
     where p.platform_id = :platform_id and p.subject = :subject
    """
)

_RENAME = Sql("update people set name = :name, sort_name = :sort_name, email = :email where id = :person_id")


def _rename(session: Session, arrival: Arrival, known: _Known) -> None:
    claims = arrival.claims
    # A launch without a name or e-mail does not take away the one that was known.
    name, email = claims.name or known.name, claims.email or known.email
    if (name, email) != (known.name, known.email):
        display = name or pseudonym(known.person_id)
        _RENAME.run(session, person_id=known.person_id, name=name, email=email, sort_name=sort_name(display))


def _find(session: Session, arrival: Arrival, license_id: str) -> _Known | None:
    row = _FIND.run(
        session,
        platform_id=arrival.platform_id,
        subject=arrival.claims.subject,
        license_id=license_id,
        context_id=arrival.context_id,
        no=False,
    ).first()
    if row is None:
        return None
    person_id, name, email, member_id, launched, listed, active, marked = row
    return _Known(person_id, name, email, member_id, _role(launched), _role(listed), bool(active), bool(marked))


def _role(kept: str | None) -> Role | None:
    return None if kept is None else Role(kept)


_KEEP_PERSON = Sql(_INSERT_PERSON)


def _ensure_person(session: Session, arrival: Arrival, *, now: datetime) -> str:
    if kept := _KEEP_PERSON.run(session, **_as_person(arrival, now=now)).scalar():
        return str(kept)
    found = _PERSON_ID.run(session, platform_id=arrival.platform_id, subject=arrival.claims.subject)
    return str(found.scalar_one())


def _as_person(arrival: Arrival, *, now: datetime) -> dict[str, object]:
    """The row of a person who was not known before, with a new id."""
    claims, person_id = arrival.claims, new_id()
    return {
        "person_id": person_id,
        "platform_id": arrival.platform_id,
        "subject": claims.subject,
        "name": claims.name,
        "sort_name": sort_name(claims.name or pseudonym(person_id)),
        "email": claims.email,
        "now": micros(now),
    }


_JOIN = f"""
    insert into members ({_MEMBER})
    select :id, :license_id, id, :now, sort_name, lower(coalesce(email, '')) from people where id = :person_id
"""
_INSERT_MEMBER = Sql(
    f"{_JOIN} on conflict do nothing",
    # Who is called otherwise at this moment is waited for, or the older name would stay with this member.
    postgresql=f"{_JOIN} for share on conflict do nothing",
)

_MEMBER_ID = Sql("select id from members where license_id = :license_id and person_id = :person_id")


def _member(session: Session, license_id: str, person_id: str, *, now: datetime) -> str:
    member_id = new_id()
    added = _INSERT_MEMBER.run(session, id=member_id, license_id=license_id, person_id=person_id, now=micros(now))
    if added.rowcount != 1:  # another launch was first; theirs is then the id
        member_id = str(_MEMBER_ID.run(session, license_id=license_id, person_id=person_id).scalar_one())
    accounts.open_accounts(session, license_id, [member_id])
    return member_id


# None where a roster read has dropped them since we looked: then they return.
_STAY = Sql(
    """
    update enrollments
       set launch_role = :launch_role, last_launch_at = :now,
           role = case when is_marked_staff and :role = 'learner' then 'ta' else :role end
     where context_id = :context_id and member_id = :member_id and active
    """
)

_ENROLL = Sql(
    """
    insert into enrollments (context_id, member_id, license_id, launch_role, roster_role, role, active, last_launch_at)
    values (:context_id, :member_id, :license_id, :launch_role, null, :role, :yes, :now)
    on conflict (context_id, member_id)
    do update set launch_role = excluded.launch_role, active = excluded.active,
                  last_launch_at = excluded.last_launch_at,
                  role = case when enrollments.is_marked_staff and excluded.role = 'learner' then 'ta'
                              else excluded.role end
    """
)


# A roster read of another course may be freezing this very member; whoever holds the row decides first.
_LOCK_RETURNING = Sql(
    "select id from members where license_id = :license_id and id = :member_id",
    postgresql="select id from members where license_id = :license_id and id = :member_id for no key update",
)


def _enroll(
    session: Session, arrival: Arrival, license_id: str, member_id: str, known: _Known, *, now: datetime
) -> Role:
    launched = standing_role(arrival.role, known.launch_role)
    role = standing_role(launched, known.roster_role, known.is_marked)
    enrollment = {
        "context_id": arrival.context_id,
        "member_id": member_id,
        "launch_role": launched.value,
        "role": role.value,
        "now": micros(now),
    }
    if known.active and _STAY.run(session, **enrollment).rowcount == 1:
        return role
    if known.member_id is not None:
        _LOCK_RETURNING.run(session, license_id=license_id, member_id=member_id)
    _ENROLL.run(session, **enrollment, license_id=license_id, yes=True)
    if known.member_id is not None:
        accounts.thaw(session, license_id, [member_id])
    return role


_MOST_MENTORED = 50
"""The visit's cookie names them all, and browsers drop one of more than 4 KB."""

_MENTORED = Sql(
    """
    select m.id from people p
      join members m on m.person_id = p.id and m.license_id = :license_id
      join enrollments e on e.member_id = m.id and e.context_id = :context_id and e.role = 'learner'
     where p.platform_id = :platform_id and p.subject in (select value from json_each(:subjects))
     order by m.id limit :most
    """,
    postgresql="""
    select m.id from people p
      join members m on m.person_id = p.id and m.license_id = :license_id
      join enrollments e on e.member_id = m.id and e.context_id = :context_id and e.role = 'learner'
     where p.platform_id = :platform_id
       and p.subject in (select value from json_array_elements_text(cast(:subjects as json)))
     order by m.id limit :most
    """,
)


def _mentored(session: Session, arrival: Arrival, license_id: str) -> tuple[str, ...]:
    if arrival.role is not Role.OBSERVER or not arrival.claims.mentored:
        return ()
    rows = _MENTORED.run(
        session,
        license_id=license_id,
        context_id=arrival.context_id,
        platform_id=arrival.platform_id,
        subjects=json.dumps(arrival.claims.mentored),
        most=_MOST_MENTORED,
    )
    return tuple(row[0] for row in rows)


def actor_of(person_id: str) -> Actor:
    """The person as the books name who caused a movement."""
    return Actor("person", person_id)
