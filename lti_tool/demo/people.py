"""The cast: who they are to the LMS, whatever course they are in."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import NAMESPACE_DNS, uuid5

_HERE = uuid5(NAMESPACE_DNS, "lincoln.example")


@dataclass(frozen=True, kw_only=True)
class Person:
    """`key` is for addresses of this LMS; `sub` is the opaque id that the tool sees, the same at every start: the
    `sub` of launches and the `user_id` of rosters.
    """

    key: str
    sub: str
    number: int
    given: str = ""
    family: str = ""
    name: str = ""
    email: str = ""
    locale: str = "en"
    is_administrator: bool = False

    @property
    def shown_as(self) -> str:
        """What this LMS calls them on its own pages."""
        return self.name or "Someone without a name"

    @property
    def sis_id(self) -> str:
        """Their number in the school's records; empty for somebody the records do not know."""
        return f"L-{self.number:05}" if self.email else ""


TEACHER = "grace-okonkwo-reyes"
ASSISTANT = "theo-lindqvist"
OBSERVER = "carmen-ruiz"
ADMINISTRATOR = "wendell-price"
STUDENT_VIEWS = ("student-view-2", "student-view-5")

# key, given, family, e-mail before the @ ("" is none)
_STAFF = (
    (TEACHER, "Grace", "Okonkwo-Reyes", "g.okonkwo"),
    (ASSISTANT, "Theo", "Lindqvist", "t.lindqvist"),
    (OBSERVER, "Carmen", "Ruiz", "carmen.ruiz"),
    (ADMINISTRATOR, "Wendell", "Price", "w.price"),
    (STUDENT_VIEWS[0], "Test", "Student", ""),
    (STUDENT_VIEWS[1], "Test", "Student", ""),
)

# Names are as awkward as a real class: what breaks a tool is here, one of each.
_STUDENTS = (
    ("emma-smith", "Emma", "Smith", "e.smith14"),
    ("emma-smith-27", "Emma", "Smith", "e.smith27"),
    ("mateo-ruiz", "Mateo", "Ruiz", "m.ruiz"),
    ("lucia-ruiz", "Lucía", "Ruiz", "l.ruiz"),
    ("tyrone-null", "Tyrone", "Null", "t.null"),
    ("dandre-washington", "D'Andre", "Washington III", "d.washington"),
    ("siobhan-oshaughnessy", "Siobhán", "O’Shaughnessy", "s.oshaughnessy"),
    ("ha-my-tran", "Hà My", "Trần", "h.tran"),
    ("minh-khai-nguyen", "Minh Khai", "Nguyễn Thị", "n.minhkhai"),
    ("aisha-al-zahrani", "عائشة", "الزهراني", "a.alzahrani"),
    ("abdulrahman-al-mutairi", "Abdulrahman", "Al-Mutairi-Hassan", "a.almutairi"),
    ("lukasz-wisniewski", "Łukasz", "Wiśniewski-Żółć", "l.wisniewski"),
    ("ruth-sorensen-aberg", "Ruth", "Sørensen-Åberg", "r.sorensen"),
    ("jose-luis-garcia", "José Luis", "García Márquez", "j.garcia"),
    ("xochitl-ramirez", "Xóchitl", "Ramírez", "x.ramirez"),
    ("keoni-kahananui", "Keʻoni", "Kahananui", "k.kahananui"),
    ("eleni-papadopoulou", "Ελένη", "Παπαδοπούλου", "e.papadopoulou"),
    ("thelonious-x", "Thelonious", "X", "t.x"),
    ("sukarno", "Sukarno", "", "sukarno"),
    (
        "maximiliana",
        "Maximiliana Alexandrina Wilhelmina",
        "Konstantinopolitanska-Featherstonehaugh de la Santísima Trinidad y Velázquez-Oppenheimer",
        "m.konstantinopolitanska",
    ),
    ("robin-tables", "Robin <b>Bobby</b>", "Tables & Sons", "r.tables"),
    ("no-name", "", "", ""),
    ("ana-ng", "Ana", "Ng", "a.ng"),
    ("priya-venkataramanan", "Priya", "Venkataramanan-Subramaniam", "p.venkataramanan"),
    ("noah-kaplan", "Noah", "Kaplan", "n.kaplan"),
    ("olivia-brown", "Olivia", "Brown", "o.brown"),
    ("jamal-carter", "Jamal", "Carter", "j.carter"),
    ("hannah-goldberg", "Hannah", "Goldberg", "h.goldberg"),
)
STUDENTS = tuple(key for key, *_ in _STUDENTS)

_FAMILY_NAME_FIRST = {"minh-khai-nguyen"}
_SPANISH = {"xochitl-ramirez", OBSERVER}


NameSub = Callable[[str, int], str]
"""The `sub` for a key and a number, in the form that a family of LMSs gives it."""


def uuid_sub(key: str, number: int) -> str:
    """A UUID, as most LMSs have it."""
    return str(uuid5(_HERE, key))


def cast(name_sub: NameSub = uuid_sub) -> dict[str, Person]:
    """Everybody this LMS knows at its start, by key."""
    return {row[0]: person(number, *row, name_sub=name_sub) for number, row in enumerate(_STAFF + _STUDENTS, start=1)}


def person(
    number: int, key: str, given: str, family: str, mailbox: str, *, name_sub: NameSub, host: str = "lincoln.example"
) -> Person:
    """Somebody as the cast lists them."""
    order = (family, given) if key in _FAMILY_NAME_FIRST else (given, family)
    return Person(
        key=key,
        sub=name_sub(key, number),
        number=number,
        given=given,
        family=family,
        name=" ".join(filter(None, order)),
        email=f"{mailbox}@{host}" if mailbox else "",
        locale="es" if key in _SPANISH else "en",
        is_administrator=key == ADMINISTRATOR,
    )
