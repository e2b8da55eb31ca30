"""Who is told of a licence's events: an address, the kinds it asked for, and the secret that signs for it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, ForeignKey, String, Text, and_, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant
from lti_tool.errors import Invalid, NotFound
from lti_tool.ids import new_id
from lti_tool.ledger.events import KINDS
from lti_tool.licenses import licenses
from lti_tool.webhooks.deliveries import Delivery

ON, OFF, GONE = "on", "off", "gone"
ROTATES_FOR = timedelta(hours=24)
"""How long messages are signed with the former secret, too."""
MOST_OF_A_LICENSE = 10
"""Each of them makes every event of the licence one row longer to write."""
LONGEST_URL = 2_000
_REST = "rest-"


class Endpoint(Base):
    """`on`, or ended: `off` where it failed all along, until it answers a ping; `gone` for ever where it said so.

    Secrets are sealed. `failing_since` and `failures` (attempts in a row) are of now, and empty after a success.
    `claim` is who delivers to it at the moment, until `claimed_until`.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    license_id: Mapped[str] = mapped_column(String(36), ForeignKey("licenses.id"))
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[str] = mapped_column(Text)
    """Kinds in the order of `KINDS`, with a space between."""
    status: Mapped[str] = mapped_column(Text, default=ON)
    secret: Mapped[str] = mapped_column(Text)
    previous_secret: Mapped[str | None] = mapped_column(Text)
    previous_until: Mapped[datetime | None] = mapped_column(Instant)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    failures: Mapped[int] = mapped_column(default=0)
    rests_until: Mapped[datetime] = mapped_column(Instant)
    claim: Mapped[str | None] = mapped_column(Text)
    claimed_until: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_why: Mapped[str | None] = mapped_column(Text)

    @property
    def host(self) -> str:
        """Where it is, as may be shown on a page: the rest of the address may be as good as a password."""
        return urlsplit(self.url).hostname or ""

    def signs_with(self, now: datetime) -> tuple[str, ...]:
        """The sealed secrets that are good at that moment, the newest first."""
        former, until = self.previous_secret, self.previous_until
        return (self.secret, former) if former and until and now < until else (self.secret,)


def add(
    session: Session,
    license_id: str,
    *,
    url: str,
    kinds: Collection[str],
    secret: str,
    private_hosts: Collection[str],
    now: datetime,
) -> Endpoint:
    """A new endpoint, told of what happens from now on; `secret` is sealed. Raises Invalid, NotFound (the licence)."""
    licenses.find(session, license_id)
    _check_url(url, private_hosts)
    if not kinds or not set(kinds) <= set(KINDS):
        raise Invalid(f"Events are {', '.join(KINDS)}.", field="events")
    known = select(func.count()).select_from(Endpoint).where(Endpoint.license_id == license_id)
    if session.scalars(known).one() >= MOST_OF_A_LICENSE:
        raise Invalid(f"A license has at most {MOST_OF_A_LICENSE} endpoints; remove one first.", field="license")
    endpoint = Endpoint(
        id=new_id(),
        license_id=license_id,
        url=url,
        events=" ".join(kind for kind in KINDS if kind in kinds),
        secret=secret,
        rests_until=now,
        claimed_until=now,
        created_at=now,
    )
    session.add(endpoint)
    session.flush()
    return endpoint


def _check_url(url: str, private_hosts: Collection[str]) -> None:
    wrong = Invalid("The URL is https://, a host, and where on it; without a name, password or #.", field="url")
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise wrong
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise wrong from error
    if not is_whole or "@" in parts.netloc or "#" in url or "\\" in url:
        raise wrong
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in private_hosts):
        raise wrong


def every(session: Session, license_id: str | None = None) -> Sequence[Endpoint]:
    """All endpoints, or a licence's, ended ones too, oldest first."""
    query = select(Endpoint).order_by(Endpoint.id)
    return session.scalars(query if license_id is None else query.where(Endpoint.license_id == license_id)).all()


def listed(session: Session, license_id: str | None = None, *, after: str = "", limit: int) -> Sequence[Endpoint]:
    """Endpoints that do not work first, then the newest; `after` is `place` of the last one seen."""
    is_rest, last = after.startswith(_REST), after.removeprefix(_REST)
    fails = or_(Endpoint.status != ON, Endpoint.failing_since.is_not(None))
    of_it = fails if license_id is None else and_(fails, Endpoint.license_id == license_id)
    rest = ~fails if license_id is None else and_(~fails, Endpoint.license_id == license_id)
    failing = [] if is_rest else _part(session, of_it, last, limit)
    if len(failing) == limit:
        return failing
    return [*failing, *_part(session, rest, last if is_rest else "", limit - len(failing))]


def place(endpoint: Endpoint) -> str:
    """Where `listed` goes on after this one."""
    return endpoint.id if endpoint.status != ON or endpoint.failing_since else _REST + endpoint.id


def _part(session: Session, which: ColumnElement[bool], last: str, limit: int) -> list[Endpoint]:
    query = select(Endpoint).where(which)
    if last:
        query = query.where(Endpoint.id < last)
    return list(session.scalars(query.order_by(Endpoint.id.desc()).limit(limit)))


def ended(session: Session) -> Sequence[Endpoint]:
    """Endpoints of all licences that are told nothing any more, oldest first: until they are on again or removed."""
    return session.scalars(select(Endpoint).where(Endpoint.status != ON).order_by(Endpoint.id)).all()


def counted(session: Session) -> dict[str, int]:
    """How many endpoints have each status, and as "failing", how many of those that are on took nothing lately."""
    by_status = dict.fromkeys((ON, OFF, GONE, "failing"), 0)
    rows = select(Endpoint.status, func.count(), func.count(Endpoint.failing_since)).group_by(Endpoint.status)
    for status, count, failing in session.execute(rows):
        by_status[status] = count
        by_status["failing"] += failing if status == ON else 0
    return by_status


def find(session: Session, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    """The endpoint. Raises NotFound."""
    query = select(Endpoint).where(Endpoint.id == endpoint_id).execution_options(populate_existing=True)
    # Not FOR UPDATE: an allotment that writes an event for it would wait.
    found = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        raise NotFound("There is no such endpoint; `creditroll webhook list` shows all.")
    return found


def rotate(session: Session, endpoint_id: str, *, secret: str, now: datetime) -> Endpoint:
    """Another secret, sealed; the one before it signs for a day more, older ones no longer. Raises NotFound."""
    endpoint = find(session, endpoint_id, lock=True)
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + ROTATES_FOR
    endpoint.secret = secret
    session.flush()
    return endpoint


def remove(session: Session, endpoint_id: str) -> None:
    """Ends an endpoint with its secrets, what was on its way, and its log. Raises NotFound."""
    endpoint = find(session, endpoint_id)
    session.execute(delete(Endpoint).where(Endpoint.id == endpoint.id))


def end(session: Session, endpoint: Endpoint, status: str, why: str, *, now: datetime) -> None:
    """Nothing more is sent there; what was on its way has failed, and can be replayed while the log has it."""
    # Whoever writes an event for it at this moment is waited for, and who comes later finds it ended: else their event
    # would wait for ever.
    session.execute(select(Endpoint.id).where(Endpoint.id == endpoint.id).with_for_update())
    endpoint.status, endpoint.ended_at, endpoint.ended_why = status, now, why
    waiting = (Delivery.license_id == endpoint.license_id, Delivery.endpoint_id == endpoint.id)
    session.execute(
        update(Delivery).where(*waiting, Delivery.status == "waiting").values(status="failed", ended_at=now),
        execution_options={"synchronize_session": False},
    )
    session.flush()


def start_again(session: Session, endpoint: Endpoint) -> None:
    """An endpoint that had been switched off answers again."""
    endpoint.status, endpoint.ended_at, endpoint.ended_why = ON, None, None
    endpoint.failing_since, endpoint.failures = None, 0
    session.flush()
