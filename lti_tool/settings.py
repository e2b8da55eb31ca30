"""Settings, read once: default.toml, then the file CREDITROLL_CONFIG names, then the environment."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lti_tool import shipped

_PREFIX = "CREDITROLL_"
_MIN_SECRET = 32


class SettingsError(Exception):
    """The settings cannot work; the message is one line that says what to mend."""


@dataclass(frozen=True)
class Resource:
    """Something that credits are: its words and the size of a bundle, in units (R1)."""

    name: str
    unit: str
    units: str
    title: str
    about: str
    bundle: int

    def count(self, amount: int) -> str:
        """The amount with its word: "1 credit", "1,250 credits"."""
        return f"{amount:,} {self.unit if amount == 1 else self.units}"


@dataclass(frozen=True)
class Settings:
    """All that can be set; `config/default.toml` documents each key."""

    database_url: str
    public_url: str
    secret_key: str
    keys_dir: Path
    allow_private_hosts: frozenset[str]
    provisioning: str
    trial_credits: int
    api_rate_limit: str
    launch_rate_limit: str
    registration: str
    trusted_proxies: int
    session_hours: int
    log_level: str
    resources: Mapping[str, Resource]

    @property
    def resource(self) -> Resource:
        """The first resource of the catalogue: what the pages show until a licence has a second one."""
        return next(iter(self.resources.values()))


def load(environ: Mapping[str, str], **overrides: object) -> Settings:
    """Settings for this process. Raises SettingsError with one line that says what to mend."""
    values = _read(shipped.CONFIG / "default.toml")
    if extra := environ.get(f"{_PREFIX}CONFIG"):
        values |= _read(Path(extra))
    known = {field.name for field in fields(Settings)}
    if unknown := sorted(values.keys() - known):
        raise SettingsError(f"Unknown setting {unknown[0]!r}; config/default.toml lists all settings.")
    for key in sorted(known - {"resources"}):
        if (text := environ.get(f"{_PREFIX}{key.upper()}")) is not None:
            values[key] = _typed(key, text, values[key])
    return _checked(values | overrides)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"Cannot read the settings file {path.name}: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {path.name} is not valid TOML: {error}.") from error


def _typed(key: str, text: str, like: object) -> object:
    if isinstance(like, int):
        if not text.isdecimal():
            raise SettingsError(f"{_PREFIX}{key.upper()} must be a whole number, not {text!r}.")
        return int(text)
    if isinstance(like, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _checked(values: dict[str, Any]) -> Settings:
    values["keys_dir"] = Path(values["keys_dir"])
    values["allow_private_hosts"] = frozenset(host.lower() for host in values["allow_private_hosts"])
    values["resources"] = {name: _resource(name, entry) for name, entry in values["resources"].items()}
    values["public_url"] = values["public_url"].rstrip("/")
    settings = Settings(**values)
    _one_of(settings.provisioning, "provisioning", ("claim", "trial"))
    _one_of(settings.registration, "registration", ("approve", "open", "closed"))
    _one_of(settings.log_level, "log_level", ("debug", "info", "warning", "error"))
    url = urlsplit(settings.public_url)
    if url.scheme not in ("http", "https") or not url.netloc or url.path:
        raise SettingsError(
            "CREDITROLL_PUBLIC_URL must be an origin such as https://credits.example.org, without a path."
        )
    return settings


def require_secret(settings: Settings) -> None:
    """Stops a start that would sign sessions with a missing or guessable key. Raises SettingsError."""
    if len(settings.secret_key) < _MIN_SECRET:
        raise SettingsError(f"Set CREDITROLL_SECRET_KEY to a random text of at least {_MIN_SECRET} characters.")


def _resource(name: str, entry: object) -> Resource:
    if isinstance(entry, Resource):
        return entry
    try:
        resource = Resource(name=name, **entry)  # type: ignore[arg-type] # the TypeError below is the check
    except TypeError as error:
        raise SettingsError(
            f"The resource {name!r} of the catalogue needs unit, units, title, about, bundle."
        ) from error
    if not isinstance(resource.bundle, int) or resource.bundle < 1:
        raise SettingsError(f"The bundle of resource {name!r} must be a whole number of at least 1.")
    return resource


def _one_of(value: str, key: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(f"{_PREFIX}{key.upper()} must be one of {', '.join(allowed)}, not {value!r}.")
