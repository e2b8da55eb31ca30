"""An LMS that means harm, or is badly broken: every launch and every service can go wrong at the press of a button."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from typing import Any

import jwt

from lti_tool.demo.courses import CourseIds, timetable
from lti_tool.demo.families import roles
from lti_tool.demo.families.claims import plain
from lti_tool.demo.families.family import Family, Launch, Login, Message, Picker, RosterRules, Trouble, Way
from lti_tool.demo.families.ways import claim, drop, put
from lti_tool.demo.faults import Fault
from lti_tool.demo.people import uuid_sub
from lti_tool.demo.signing_key import SigningKey

_FORGED = "Launches to refuse"
_ODD = "Odd launches, to accept"
_DAY_S = 86_400
_RTL = "\u202eزيد\u202c 👩🏽\u200d🎓🧪"
_LONG = "Wolfeschlegelsteinhausenbergerdorff " * 12


def name_course(key: str, number: int) -> CourseIds:
    """With every character that an id may have."""
    context = f"{key}::a+b_c~d e/{number}"
    return CourseIds(context=context, service=str(number), navigation=f"{context}#nav", assignment=f"{context}#1")


def claims(launch: Launch) -> dict[str, Any]:
    """An honest id_token, for the ways to spoil."""
    return plain(launch, product="hostile", context_type=f"{roles.LIS}course#CourseOffering")


def _unsigned(message: Message) -> None:
    message.id_token = jwt.encode(message.claims, "", algorithm="none", headers=message.headers)


def _signed_with_the_public_key(message: Message) -> None:
    """The old confusion: the public key is no secret, and a tool that asks the header for the algorithm takes it."""
    head = _part({"alg": "HS256", "typ": "JWT", **message.headers})
    signed = f"{head}.{_part(message.claims)}"
    seal = hmac.new(message.key.public_pem, signed.encode(), hashlib.sha256).digest()
    message.id_token = f"{signed}.{_base64(seal)}"


def _part(values: dict[str, Any]) -> str:
    return _base64(json.dumps(values).encode())


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _changed_after_signing(message: Message) -> None:
    honest = message.key.sign(message.claims, message.headers)
    put(message, sub="39890", roles=[roles.INSTRUCTOR])
    message.id_token = ".".join((honest.split(".")[0], _part(message.claims), honest.split(".")[2]))


def _anothers_key(message: Message) -> None:
    message.key = SigningKey.generate()


def _key_from_the_header(message: Message) -> None:
    _anothers_key(message)
    message.headers |= {"jku": "https://elsewhere.example/jwks", "jwk": message.key.public_jwk}


def _replayed(message: Message) -> None:
    message.id_token = message.earlier.get("id_token")
    if message.id_token is None:  # nothing was posted yet, so a token of another login stands in
        put(message, nonce="the-nonce-of-another-login")


def _wholly_replayed(message: Message) -> None:
    _replayed(message)
    message.state = message.earlier.get("state", "the-state-of-another-login")


def _swapped(message: Message) -> None:
    message.state = message.earlier.get("state", "the-state-of-another-login")


def _no_state(message: Message) -> None:
    message.state = ""


def _shifted(*, iat_s: int, exp_s: int) -> Callable[[Message], None]:
    def alter(message: Message) -> None:
        now_s = message.claims["iat"]
        put(message, iat=now_s + iat_s, exp=now_s + exp_s)

    return alter


def _several_audiences(message: Message) -> None:
    drop(message, "azp")
    put(message, aud=[message.claims["aud"], "another-tool"])


def _put(**values: Any) -> Callable[[Message], None]:
    return lambda message: put(message, **values)


def _huge(message: Message) -> None:
    put(message, custom={"filler": "x" * 100_000})


def _subject_as_number(message: Message) -> None:
    put(message, sub=39890)


def _html(message: Message) -> None:
    script = "<script>alert(1)</script>"
    put(message, name=script, given_name=script, family_name="</title><b>Tables")
    message.claims[claim("context")]["title"] = f"Biology {script}"


def _forged(slug: str, title: str, alter: Callable[[Message], None]) -> Way:
    return Way(slug=slug, title=title, alter=alter, group=_FORGED)


def _odd(slug: str, title: str, alter: Callable[[Message], None]) -> Way:
    return Way(slug=slug, title=title, alter=alter, group=_ODD)


_WAYS = (
    _forged("alg-none", "Not signed (alg none)", _unsigned),
    _forged("hs256", "HS256 with the public key as secret", _signed_with_the_public_key),
    _forged("changed", "Changed after signing", _changed_after_signing),
    _forged("another-key", "Another’s key under our kid", _anothers_key),
    _forged("jku", "A key named in the header (jku, jwk)", _key_from_the_header),
    _forged("replay", "The id_token of an earlier launch", _replayed),
    _forged("replay-all", "An earlier launch as a whole", _wholly_replayed),
    _forged("swapped-state", "The state of an earlier login", _swapped),
    _forged("no-state", "No state", _no_state),
    _forged("wrong-nonce", "A nonce of its own", _put(nonce="a-nonce-that-nobody-gave")),
    _forged("wrong-issuer", "Another issuer", _put(iss="https://canvas.instructure.com")),
    _forged("wrong-audience", "For another tool", _put(aud="another-tool")),
    _forged("no-azp", "For several tools, and not said for which", _several_audiences),
    _forged("expired", "Expired two minutes ago", _shifted(iat_s=-3600, exp_s=-120)),
    _forged("from-tomorrow", "Issued tomorrow", _shifted(iat_s=_DAY_S, exp_s=_DAY_S + 3600)),
    _forged("elsewhere", "A target_link_uri elsewhere", _put(target_link_uri="https://elsewhere.example/lti/launch")),
    _forged("roles-null", "roles null", _put(roles=None)),
    _forged("roles-text", "roles a text", _put(roles="Instructor")),
    _forged("sub-number", "sub a number", _subject_as_number),
    _forged("sub-long", "sub of 300 characters", _put(sub="s" * 300)),
    _forged("huge", "An id_token of 130 kB", _huge),
    _odd("html", "HTML in every name", _html),
    _odd("rtl", "Right-to-left, emoji and joiners in the name", _put(name=_RTL, given_name=_RTL, family_name="")),
    _odd("long", "A name of 400 letters", _put(name=_LONG, given_name=_LONG, family_name=_LONG)),
    _odd("odd-roles", "Roles that nobody knows beside a true one", _put(roles=["", "x", roles.LEARNER, "a#b#c"])),
)

_ODD_ROWS: list[Any] = [
    {"user_id": 7, "roles": [roles.LEARNER], "name": "Number Seven"},
    {"user_id": uuid_sub("roles-null", 0), "roles": None, "name": "Nobody’s Role"},
    {"roles": [roles.LEARNER], "name": "No Id"},
    {"user_id": uuid_sub("rtl", 0), "roles": [roles.LEARNER], "name": _RTL},
    {"user_id": uuid_sub("long", 0), "roles": [roles.LEARNER], "name": _LONG},
    {"user_id": uuid_sub("html", 0), "roles": [roles.LEARNER], "name": "<script>alert(1)</script>", "email": None},
    "not even an object",
]


def _at_roster(slug: str, title: str, **fault: Any) -> Trouble:
    return Trouble(slug=slug, title=title, faults=(Fault(at="roster", **fault),))


_TROUBLES = (
    _at_roster("large-page", "A page of the roster with 3 MB", kind="large"),
    _at_roster("loop", "The next page of the roster is this one", kind="loop"),
    _at_roster("endless", "The roster never ends", kind="endless"),
    _at_roster("foreign-host", "The next page of the roster is on another host", kind="foreign_host"),
    _at_roster("throttled", "429 on page 2, once", kind="status", status=429, retry_after="1", page=2, times=1),
    _at_roster("forbidden", "403 on page 2", kind="status", status=403, page=2),
    _at_roster("broken", "500 on page 2", kind="status", status=500, page=2),
    _at_roster("cut-off", "The roster’s connection breaks", kind="cut_off"),
    _at_roster("sign-in", "A sign-in page instead of the roster", kind="html"),
    _at_roster("duplicates", "Everybody on the roster twice", kind="duplicates"),
    _at_roster("odd-rows", "Numbers, nulls, emoji, right-to-left and HTML in rows", kind="rows", rows=_ODD_ROWS),
    Trouble(slug="slow-keys", title="Keys that take 8 seconds", faults=(Fault(at="keys", kind="slow", delay_s=8),)),
    Trouble(slug="no-keys", title="Keys that answer 503", faults=(Fault(at="keys", kind="status", status=503),)),
    Trouble(slug="no-tokens", title="Access tokens refused", faults=(Fault(at="token", kind="status", status=401),)),
    Trouble(slug="crowd", title="5,000 more students in the first course", students=5_000),
)

_CASTINGS = roles.EVERYBODY

FAMILY = Family(
    name="hostile",
    title="a hostile LMS",
    registered_as="other",
    client_id="hostile::client+id~1",
    schools={"Lincoln High": "hostile:deployment/1"},
    authorize_path="/authorize",
    token_path="/token",  # noqa: S106 - an address, not a password
    keys_path="/keys",
    roster=RosterRules(path="/courses/{course}/roster", page_size=10),
    login=Login(extra={"lti_unknown": "parameter", "target": '"><script>alert(1)</script>'}),
    name_course=name_course,
    timetable=partial(timetable, name_course, tuple(_CASTINGS)),
    castings=_CASTINGS,
    administrator=(roles.ADMINISTRATOR,),
    claims=claims,
    ways=_WAYS,
    troubles=_TROUBLES,
    pickers=(
        Picker(
            slug="add",
            title="Add activity",
            accept_types=("link", "ltiResourceLink"),
            extra={"title": "</title><script>alert(1)</script>", "accept_lineitem": None},
        ),
    ),
)
