"""How an administrator adds Creditroll to one kind of LMS, in that LMS's own words and order, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """A field of the LMS, under the LMS's own name, and what belongs in it.

    In `value`, `{launch_url}` and its kin are this deployment's (`lti_tool/lti/tool_config.py`).
    """

    label: str
    value: str
    is_pasted: bool = True
    """False for what is ticked or chosen there, so that copying it would help nobody."""


@dataclass(frozen=True)
class Todo:
    """One thing to do: a sentence or two, with `**names on screen**`, and the fields to fill in on that screen."""

    says: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What the LMS gives back: a field of the registration, and the LMS's name for it."""

    field: str
    label: str
    hint: str = ""
    is_optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Guide:
    """The page of one kind of LMS, from top to bottom."""

    by_itself: tuple[Todo, ...] = ()
    """With Dynamic Registration; empty where the LMS has none."""
    by_hand: tuple[Todo, ...]
    asks: tuple[Asked, ...]
    in_courses: tuple[Todo, ...]
    """What makes it appear to teachers, once it is registered in either way."""
    teacher_sees: str
    """How a teacher opens it then."""


def paste(label: str, value: str) -> Value:
    """A field to paste into."""
    return Value(label, value)


def choose(label: str, value: str) -> Value:
    """A field to tick, or to choose in."""
    return Value(label, value, is_pasted=False)


def addresses(*, keys: str, access: str, login: str) -> tuple[Asked, Asked, Asked]:
    """The three addresses under the LMS's names for them."""
    return Asked("jwks_url", keys), Asked("auth_token_url", access), Asked("auth_login_url", login)
