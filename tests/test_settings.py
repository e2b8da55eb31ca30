"""Settings come from the defaults, a file and the environment, and what can't work is refused in one line."""

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import make_url

from lti_tool.db import open_engine
from lti_tool.settings import STAND_IN_KEY, Settings, SettingsError, load, require_secret


def test_defaults_stand_without_any_preparation() -> None:
    settings = load({})
    assert (settings.public_url, settings.provisioning, settings.trial_credits) == (
        "http://127.0.0.1:8000",
        "claim",
        25,
    )
    assert settings.resource.name == "export-credits"
    assert settings.resource.count(1) == "1 credit"
    assert settings.resource.count(1250) == "1,250 credits"


def test_a_file_overrides_the_defaults_and_the_environment_overrides_both(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('trial_credits = 50\nprovisioning = "trial"\n')
    settings = load({"CREDITROLL_CONFIG": str(file), "CREDITROLL_TRIAL_CREDITS": "75"})
    assert (settings.trial_credits, settings.provisioning) == (75, "trial")


def test_lists_in_the_environment_are_comma_separated() -> None:
    settings = load(
        {"CREDITROLL_ALLOW_PRIVATE_HOSTS": "LMS.school.lan, 10.0.0.7,", "CREDITROLL_METRICS_FROM": "10.0.0.0/8"}
    )
    assert settings.allow_private_hosts == {"lms.school.lan", "10.0.0.7"}
    assert settings.metrics_from == (ip_network("10.0.0.0/8"),)


def test_a_relative_sqlite_file_is_relative_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = load({}).database_url
    assert make_url(url).database == str(tmp_path / "instance" / "creditroll.db")
    engine = open_engine(url)
    engine.connect().close()
    engine.dispose()
    assert (tmp_path / "instance" / "creditroll.db").exists()


def test_a_database_password_survives() -> None:
    url = "postgresql+psycopg://user:p%40ss@db.example/creditroll"
    assert load({"CREDITROLL_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("DATABASE_URL", "creditroll.db", "not an SQLAlchemy URL"),
        ("DATABASE_URL", "mysql://localhost/x", "sqlite or postgresql"),
        ("PUBLIC_URL", "credits.example.org", "must be an origin"),
        ("PUBLIC_URL", "https://example.org/credits", "without a path"),
        ("PROVISIONING", "free", "claim, trial"),
        ("REGISTRATION", "yes", "approve, open, closed"),
        ("LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("STYLEGUIDE", "1", "true or false"),
        ("TRIAL_CREDITS", "many", "whole number"),
        ("TRIAL_CREDITS", "²", "whole number"),
        ("API_RATE_LIMIT", "1200 per minute", "300/minute, or off"),
        ("LAUNCH_RATE_LIMIT", "0/minute", "300/minute, or off"),
        ("METRICS_FROM", "everyone", "METRICS_FROM"),
        ("CONFIG", "/nowhere/mine.toml", "Cannot read the settings file mine.toml"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_in_one_line(key: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({f"CREDITROLL_{key}": value})
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bundel = 5", "Unknown setting 'bundel'"),
        ('trial_credits = "many"', "must look as in config/default.toml: 25"),
        ("trial_credits = ", "not valid TOML"),
        ("[resources.export-credits]\nunit = 'credit'", "needs unit, units, title, about, bundle"),
        (
            "[resources.x]\nunit = 'x'\nunits = 'x'\ntitle = 'X'\nabout = 'x'\nbundle = 0",
            "must be a whole number of at least 1",
        ),
        ("[catalog]\nseller_tax_form = 'nowhere.pdf'", "must be the path of a PDF that can be read"),
        ("[catalog]\nseller_tax_form = '/dev/null'", "must be the path of a PDF that can be read"),
    ],
)
def test_a_settings_file_that_cannot_work_is_refused_in_one_line(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load({"CREDITROLL_CONFIG": str(file)})
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_short_secret_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="at least 32 characters"):
        require_secret(load({"CREDITROLL_SECRET_KEY": "short"}))


def test_the_fixtures_settings_can_be_loaded_again(settings: Settings) -> None:
    assert load({}, **vars(settings)) == settings


@pytest.mark.parametrize(
    "public_url",
    [
        "https://tool.test:99999",
        "https://tool.test:port",
        "https://somebody@tool.test",
        "https://:443",
        "https://tool test",
        "http://[",
    ],
)
def test_a_public_url_that_no_browser_could_open_stops_the_start(public_url: str) -> None:
    with pytest.raises(SettingsError, match="must be an origin"):
        load({}, public_url=public_url)


@pytest.mark.parametrize("public_url", ["http://[::1]:8000", "https://Tool.test", "http://localhost:8000/"])
def test_a_public_url_may_be_any_origin(public_url: str) -> None:
    assert load({}, public_url=public_url).public_url == public_url.rstrip("/")


STAND_IN = {"STRIPE_API_BASE": "http://localhost:9", "ALLOW_PRIVATE_HOSTS": "localhost"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ALLOW_PRIVATE_HOSTS": ""}, "STRIPE_API_BASE is for the demo and tests"),
        ({"STRIPE_API_BASE": "https://pay.example"}, "STRIPE_API_BASE is for the demo and tests"),
        ({"STRIPE_API_BASE": "localhost:9"}, "STRIPE_API_BASE must be an origin"),
        ({"STRIPE_SECRET_KEY": "sk_live_51Real"}, "STRIPE_SECRET_KEY must be one for tests"),
        ({"STRIPE_SECRET_KEY": "rk_live_51Real"}, "STRIPE_SECRET_KEY must be one for tests"),
        ({"STRIPE_API_BASE": ""}, "STRIPE_SECRET_KEY is the demo's"),
        ({"STRIPE_API_BASE": "https://api.stripe.com"}, "STRIPE_SECRET_KEY is the demo's"),
    ],
)
def test_nobody_takes_real_money_to_a_stand_in_or_made_up_money_to_stripe(changes: dict[str, str], says: str) -> None:
    right = {**STAND_IN, "STRIPE_SECRET_KEY": STAND_IN_KEY + "0123"}

    def read(values: dict[str, str]) -> Settings:
        return load({f"CREDITROLL_{name}": value for name, value in values.items()})

    assert read(right).stripe_api_base == "http://localhost:9"
    with pytest.raises(SettingsError) as refused:
        read(right | changes)
    assert says in str(refused.value)
    assert "51Real" not in str(refused.value), "a key is a secret"


def test_a_real_key_at_stripes_own_address_is_taken() -> None:
    for base in ("", "https://api.stripe.com"):
        found = load({"CREDITROLL_STRIPE_SECRET_KEY": "sk_live_51Real", "CREDITROLL_STRIPE_API_BASE": base})
        assert found.stripe_secret_key == "sk_live_51Real"


def test_cards_are_not_sold_to_in_a_currency_that_stripe_counts_in_other_units() -> None:
    crowns = replace(load({}).catalog, currency="ISK")
    assert load({}, catalog=crowns).takes_cards is False
    with pytest.raises(SettingsError, match="Stripe counts ISK in other units"):
        load({}, catalog=crowns, stripe_secret_key="sk_test_1")
