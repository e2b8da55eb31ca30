"""Settings, read once: default.toml, then the file CREDITROLL_CONFIG names, then the environment."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from lti_tool import money, price_list, shipped
from lti_tool.language import locale, number
from lti_tool.price_list import Catalog

STAND_IN_KEY = "sk_test_creditroll_demo_"
"""How the secret keys begin that only the demo's stand-in for Stripe takes, and that it alone takes."""

STRIPE = "https://api.stripe.com"

_PREFIX = "CREDITROLL_"
_MIN_SECRET = 32
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:(?P<port>\d{1,5}))?", re.ASCII | re.IGNORECASE)
_SENDER = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+")
_RATE = re.compile(r"off|[1-9]\d*/(second|minute|hour|day)")


class SettingsError(Exception):
    """The settings cannot work; the message is one line that says what to mend."""


@dataclass(frozen=True)
class ResourceWords:
    """What a resource is called in one language."""

    unit: str
    units: str
    title: str
    about: str


@dataclass(frozen=True)
class Resource:
    """Something that credits are: its words and the size of a bundle, in units (R1)."""

    name: str
    english: ResourceWords
    bundle: int
    others: Mapping[str, ResourceWords] = field(default_factory=dict)
    """In other languages, by their codes."""

    def count(self, amount: int) -> str:
        """The amount with its word: "1 credit", "1,250 credits"."""
        return f"{number(amount)} {self.unit if amount == 1 else self.units}"

    @property
    def unit(self) -> str:
        """One of them, in the reader's language, as are the others."""
        return self._spoken.unit

    @property
    def units(self) -> str:
        """Several of them."""
        return self._spoken.units

    @property
    def title(self) -> str:
        """What heads pages."""
        return self._spoken.title

    @property
    def about(self) -> str:
        """One sentence about what one of them is good for."""
        return self._spoken.about

    @property
    def _spoken(self) -> ResourceWords:
        return self.others.get(locale().language, self.english)


@dataclass(frozen=True)
class Settings:
    """All that can be set; `config/default.toml` documents each key."""

    database_url: str
    public_url: str
    secret_key: str
    keys_dir: Path
    allow_private_hosts: frozenset[str]
    export_hosts: frozenset[str]
    provisioning: str
    trial_credits: int
    api_rate_limit: str
    launch_rate_limit: str
    launch_log_days: int
    launch_log_rows: int
    registration: str
    files_dir: Path
    stripe_secret_key: str
    stripe_webhook_secrets: tuple[str, ...]
    stripe_api_base: str
    smtp_host: str
    smtp_port: int
    smtp_starttls: bool
    smtp_user: str
    smtp_password: str
    smtp_sender: str
    trusted_proxies: int
    metrics_from: tuple[IPv4Network | IPv6Network, ...]
    session_hours: int
    styleguide: bool
    log_level: str
    resources: Mapping[str, Resource]
    catalog: Catalog

    @property
    def sends_mail(self) -> bool:
        """Whether managers can ask to be told by e-mail."""
        return bool(self.smtp_host)

    @property
    def takes_cards(self) -> bool:
        """Whether paying by card is offered: where a payment could be made, and would be heard of."""
        return bool(self.stripe_secret_key and self.stripe_webhook_secrets)

    @property
    def stripe_is_live(self) -> bool:
        """Whether the key moves real money."""
        return self.stripe_secret_key.startswith(("sk_live_", "rk_live_"))

    def sold(self, name: str) -> Resource:
        """The resource of an order; in plain words if it was sold once and has left the settings since."""
        return self.resources.get(name) or Resource(name, ResourceWords("unit", "units", name, ""), 1)

    @property
    def resource(self) -> Resource:
        """The first resource of the catalogue: what the pages show until a licence has a second one."""
        return next(iter(self.resources.values()))


def load(environ: Mapping[str, str], **overrides: object) -> Settings:
    """Settings for this process. Raises SettingsError with one line that says what to mend."""
    values = _read(shipped.CONFIG / "default.toml")
    if extra := environ.get(f"{_PREFIX}CONFIG"):
        given = _alike(_read(Path(extra)), values)
        values |= given | {"catalog": values["catalog"] | given.get("catalog", {})}
    for key in sorted(values.keys() - {"resources", "catalog"}):
        if (text := environ.get(f"{_PREFIX}{key.upper()}")) is not None:
            values[key] = _typed(key, text, values[key])
    return _checked(values | overrides)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"Cannot read the settings file {path.name}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path.name} is not valid TOML: {error}.") from error


def _alike(given: dict[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    known = {field.name for field in fields(Settings)}
    for key, value in given.items():
        if key not in known:
            raise SettingsError(f"Unknown setting {key!r}; config/default.toml lists all settings.")
        if type(value) is not type(defaults[key]):
            raise SettingsError(f"The setting {key!r} must look as in config/default.toml: {defaults[key]!r}.")
    return given


def _typed(key: str, text: str, like: object) -> object:
    if isinstance(like, bool):
        if text not in ("true", "false"):
            raise SettingsError(f"{_name(key)} must be true or false, not {text!r}.")
        return text == "true"
    if isinstance(like, int):
        if not (text.isascii() and text.isdecimal()):
            raise SettingsError(f"{_name(key)} must be a whole number, not {text!r}.")
        return int(text)
    if isinstance(like, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _checked(values: dict[str, Any]) -> Settings:
    values["database_url"] = _absolute(values["database_url"])
    values["keys_dir"] = Path(values["keys_dir"])
    for key in ("allow_private_hosts", "export_hosts"):
        values[key] = frozenset(host.lower() for host in values[key])
    values["metrics_from"] = _networks(values["metrics_from"])
    values["resources"] = {name: _resource(name, entry) for name, entry in values["resources"].items()}
    values["files_dir"] = Path(values["files_dir"])
    values["stripe_webhook_secrets"] = tuple(values["stripe_webhook_secrets"])
    values["catalog"] = _catalog(values["catalog"], values["resources"])
    values["public_url"] = values["public_url"].rstrip("/")
    settings = Settings(**values)
    _one_of(settings.provisioning, "provisioning", ("claim", "trial"))
    _one_of(settings.registration, "registration", ("approve", "open", "closed"))
    _one_of(settings.log_level, "log_level", ("debug", "info", "warning", "error"))
    for key in ("api_rate_limit", "launch_rate_limit"):
        if not _RATE.fullmatch(values[key]):
            raise SettingsError(f"{_name(key)} must be like 300/minute, or off; not {values[key]!r}.")
    _check_origin("public_url", settings.public_url)
    _check_gateway(settings)
    _check_mail(settings)
    return settings


def _absolute(database_url: str) -> str:
    # Flask-SQLAlchemy would put a relative file below its instance folder; people mean the folder that they are in.
    try:
        url = make_url(database_url)
    except ArgumentError as error:
        raise SettingsError(f"{_name('database_url')} is not an SQLAlchemy URL.") from error
    backend = url.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise SettingsError(f"{_name('database_url')} must begin with sqlite or postgresql, not {backend!r}.")
    if backend == "sqlite" and url.database and url.database != ":memory:":
        url = url.set(database=str(Path(url.database).absolute()))
    return url.render_as_string(hide_password=False)


def _networks(entries: Iterable[object]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(str(entry)) for entry in entries)
    except ValueError as error:
        raise SettingsError(f"{_name('metrics_from')}: {error}.") from error


def _check_origin(key: str, url: str) -> None:
    found = _ORIGIN.fullmatch(url)
    if found is None or not 0 < int(found["port"] or 80) < 65_536:
        raise SettingsError(f"{_name(key)} must be an origin such as https://credits.example.org, without a path.")


def _check_gateway(settings: Settings) -> None:
    """Real money goes to Stripe, and made-up money never does; so a mix of the two is no setting, but a mistake."""
    base, key = settings.stripe_api_base, settings.stripe_secret_key
    if key and not money.is_counted_alike(settings.catalog.currency):
        raise SettingsError(
            f"Stripe counts {settings.catalog.currency} in other units than the catalogue does: "
            f"sell by purchase order only, without {_name('stripe_secret_key')}."
        )
    if base in ("", STRIPE):
        if key.startswith(STAND_IN_KEY):
            raise SettingsError(f"{_name('stripe_secret_key')} is the demo's; take your own from Stripe's dashboard.")
        return
    _check_origin("stripe_api_base", base)
    if (urlsplit(base).hostname or "") not in settings.allow_private_hosts:
        raise SettingsError(
            f"{_name('stripe_api_base')} is for the demo and tests: leave it empty, "
            f"or name its host in {_name('allow_private_hosts')}."
        )
    if not key.startswith("sk_test_"):
        raise SettingsError(f"With {_name('stripe_api_base')}, {_name('stripe_secret_key')} must be one for tests.")


def _check_mail(settings: Settings) -> None:
    if not settings.smtp_host:
        return
    if not 0 < settings.smtp_port < 65_536:
        raise SettingsError(f"{_name('smtp_port')} must be a port, not {settings.smtp_port}.")
    if not _SENDER.fullmatch(settings.smtp_sender):
        raise SettingsError(f"With {_name('smtp_host')}, {_name('smtp_sender')} must be an address letters come from.")
    if bool(settings.smtp_user) != bool(settings.smtp_password):
        raise SettingsError(f"{_name('smtp_user')} and {_name('smtp_password')} belong together.")
    if settings.smtp_user and not settings.smtp_starttls and settings.smtp_host not in settings.allow_private_hosts:
        raise SettingsError(f"Without {_name('smtp_starttls')} the password would be sent in the clear.")


def require_secret(settings: Settings) -> None:
    """Stops a start that would sign sessions with a missing or guessable key. Raises SettingsError."""
    if len(settings.secret_key) < _MIN_SECRET:
        raise SettingsError(f"Set CREDITROLL_SECRET_KEY to a random text of at least {_MIN_SECRET} characters.")


def _resource(name: str, entry: object) -> Resource:
    if isinstance(entry, Resource):
        return entry
    try:
        resource = _read_resource(name, **entry)  # type: ignore[arg-type] # the TypeError below is the check
    except TypeError as error:
        raise SettingsError(
            f"The resource {name!r} of the catalogue needs unit, units, title, about, bundle; and unit, units, title,"
            " about for each language that it is called in besides."
        ) from error
    if not isinstance(resource.bundle, int) or resource.bundle < 1:
        raise SettingsError(f"The bundle of resource {name!r} must be a whole number of at least 1.")
    return resource


def _read_resource(
    name: str, *, bundle: int, in_other_languages: Mapping[str, Any] | None = None, **words: str
) -> Resource:
    others = {code: ResourceWords(**told) for code, told in (in_other_languages or {}).items()}
    return Resource(name, ResourceWords(**words), bundle, others)


def _catalog(table: object, resources: Mapping[str, Resource]) -> Catalog:
    if isinstance(table, Catalog):
        return table
    try:
        catalog = price_list.read(table, resources=resources)  # type: ignore[arg-type] # _alike has checked it
    except ValueError as error:
        raise SettingsError(str(error)) from error
    if catalog.seller_tax_form and not _is_pdf(Path(catalog.seller_tax_form)):
        raise SettingsError("The catalogue's seller_tax_form must be the path of a PDF that can be read, or empty.")
    return catalog


def _is_pdf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(5) == b"%PDF-"
    except OSError:
        return False


def _one_of(value: str, key: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(f"{_name(key)} must be one of {', '.join(allowed)}, not {value!r}.")


def _name(key: str) -> str:
    return f"{_PREFIX}{key.upper()}"
