"""A mail server over real SMTP that can be told to misbehave, a license with a manager, and looks at its level."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lti_tool.alerts import watch, wishes
from lti_tool.alerts.letters import Letter
from lti_tool.alerts.levels import EVENTS
from lti_tool.alerts.wishes import Key
from lti_tool.demo.mailbox import Mailbox
from lti_tool.ledger import issuing
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import licenses
from lti_tool.lti.roles import Role
from lti_tool.mailer import Mailer
from lti_tool.members.people import Member, Person
from lti_tool.settings import Settings, load
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, SECRET_KEY, make_context, make_license, make_member


class Server(Mailbox):
    """Keeps what it takes. `says` has other answers than usual; at a command in `hangs` it says nothing more."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.says: dict[str, str] = {}
        self.hangs: set[str] = set()
        self.heard: list[str] = []
        self._released = Event()
        super().__init__(lambda letter: self.got.append(_read(letter)))

    def answer(self, verb: str) -> str:
        self.heard.append(verb)
        if verb in self.hangs:
            self._released.wait(20)
        return self.says.get(verb) or super().answer(verb)

    def __enter__(self) -> "Server":
        super().__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._released.set()
        super().__exit__(*failure)


def _read(letter: bytes) -> EmailMessage:
    read = message_from_bytes(letter, policy=policy.SMTP)
    assert isinstance(read, EmailMessage)
    return read


@dataclass
class Office:
    """A license of 100, its manager Grace with an address, and a student; `look` is one sweep, `post` one delivery."""

    books: Books
    engine: Engine
    server: Server
    license: str
    grace: str
    student: str
    now: datetime = NOW
    port: int = 0
    within_s: float = 5.0

    @property
    def key(self) -> Key:
        """Grace's wish."""
        return Key(self.license, EXPORT_CREDITS.name, self.grace)

    def ask(self, *events: str, locale: str = "en_US") -> None:
        """Grace asks to be told."""
        with self.books() as session:
            low = watch.level(session, self.license, EXPORT_CREDITS).low
            before = wishes.find(session, self.key)
            wishes.save(
                session,
                self.key,
                events or EVENTS,
                low=low,
                locale=locale,
                based_on=before.version if before else 0,
                now=self.now,
            )

    def give(self, amount: int) -> None:
        """The student is given so many."""
        with self.books() as session:
            allot(
                session, self.license, EXPORT_CREDITS, member_ids=[self.student], each=amount, actor=OPERATOR, now=NOW
            )

    def refill(self, amount: int) -> None:
        """The license gets more."""
        self.change(
            lambda session: issuing.grant(session, self.license, EXPORT_CREDITS, amount=amount, actor=OPERATOR, now=NOW)
        )

    def change(self, act: Callable[[Session], object]) -> None:
        """Something happens in the books."""
        with self.books() as session:
            act(session)

    def name_another_manager(self) -> None:
        """Somebody else manages the license from now on."""
        with self.books() as session:
            person_id = session.get_one(Member, self.student).person_id
            licenses.name_manager(session, self.license, person_id, now=NOW)

    def look(self) -> None:
        """What the sweep does."""
        with Session(self.engine) as session:
            found = watch.level(session, self.license, EXPORT_CREDITS)
            changed = watch.changed(session, self.license, found, EXPORT_CREDITS.name)
        for wish in changed:
            with self.books() as session:
                watch.tell(session, wish, found, now=self.now)

    def post(self) -> int:
        """Sends what is due now."""
        return self.mailer().deliver()

    def mailer(self) -> Mailer:
        """One process's."""
        return Mailer(self.settings, self.engine, now=lambda: self.now, within_s=self.within_s)

    @property
    def settings(self) -> Settings:
        """With this mail server."""
        return load(
            {},
            secret_key=SECRET_KEY,
            public_url="https://tool.test",
            smtp_host="127.0.0.1",
            smtp_port=self.port,
            smtp_starttls=False,
            smtp_sender="creditroll@tool.test",
        )

    def later(self, **passed: float) -> None:
        """Time goes by."""
        self.now += timedelta(**passed)

    def letters(self) -> list[Letter]:
        """All that were written, the first first."""
        with self.books() as session:
            return list(session.scalars(select(Letter).order_by(Letter.id)))

    def states(self) -> list[tuple[str, str]]:
        """What each is about, and how it stands."""
        return [(letter.event, letter.status) for letter in self.letters()]


@contextmanager
def opened(books: Books, engine: Engine) -> Iterator[Office]:
    """The office, and its mail server listening."""
    with books() as session:
        course = make_context(session)
        license_ = make_license(session, context=course)
        teacher = make_member(session, license_, course, role=Role.TEACHER, name="Grace Okonkwo")
        student = make_member(session, license_, course, name="Ada Lovelace")
        person = session.get_one(Person, session.get_one(Member, teacher.id).person_id)
        person.email = "grace@school.example"
        ids = (license_.id, person.id, student.id)
    with Server() as server:
        yield Office(books, engine, server, *ids, port=server.port)
