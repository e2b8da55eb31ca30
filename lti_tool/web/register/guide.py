"""GET /register: for each LMS what to click and paste there, in its own words and order, and what to give back."""

import re
from dataclasses import asdict, dataclass
from typing import cast

from flask import Blueprint, current_app, render_template, request
from markupsafe import Markup, escape
from sqlalchemy import select

from lti_tool.db import db
from lti_tool.language import found
from lti_tool.lti.families import FAMILIES, Family
from lti_tool.lti.platforms import Platform
from lti_tool.lti.tool_config import tool_at
from lti_tool.settings import Settings
from lti_tool.web.access import ADMINISTRATOR, only
from lti_tool.web.forms import Form

_ON_SCREEN = re.compile(r"\*\*(.+?)\*\*")


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("", "guide", look, methods=["GET"])
    blueprint.add_app_template_filter(on_screen)


@only(ADMINISTRATOR)
def look() -> str:
    """The choice of LMSs; with `?lms=`, that LMS's page."""
    family = FAMILIES.get(request.args.get("lms", ""))
    if family is None:
        return render_template("register/choice.html", families=FAMILIES.values())
    return page(family, Form({"name": ""}))


def page(family: Family, form: Form) -> str:
    """One LMS's page, with its form as it was typed."""
    return render_template(
        "register/guide.html",
        family=family,
        families=FAMILIES.values(),
        form=form,
        values=_values(family),
        registration=settings().registration,
    )


def settings() -> Settings:
    """The settings of this app."""
    return cast(Settings, current_app.extensions["creditroll"])


def on_screen(text: str) -> Markup:
    """The reader's words for it, with `**names on screen**` in bold."""
    plain_and_bold = enumerate(_ON_SCREEN.split(found(text)))
    return Markup("").join(
        Markup("<strong>{}</strong>").format(part) if place % 2 else escape(part) for place, part in plain_and_bold
    )


@dataclass(frozen=True)
class _Values:
    """What `{…}` in a guide stands for."""

    title: str
    description: str
    domain: str
    origin: str
    login_url: str
    launch_url: str
    jwks_url: str
    icon_url: str
    config_url: str
    registration_url: str
    custom: str
    client_id: str


def _values(family: Family) -> dict[str, str]:
    origin = settings().public_url
    tool = tool_at(origin)
    return asdict(
        _Values(
            title=tool.title,
            description=tool.description,
            domain=tool.domain,
            origin=origin,
            login_url=tool.login_url,
            launch_url=tool.launch_url,
            jwks_url=tool.jwks_url,
            icon_url=tool.icon_url,
            config_url=f"{origin}/lti/config.json",
            registration_url=f"{origin}/lti/register",
            custom="\n".join(f"{name}={value}" for name, value in tool.custom.items()),
            client_id=_client_of_all(family) or "",
        )
    )


def _client_of_all(family: Family) -> str | None:
    """The client that every school of such a family pastes, once whoever runs the tool has registered it."""
    if not family.has_one_client:
        return None
    registered = select(Platform.client_id).where(Platform.family == family.name, Platform.status == "active")
    return db.session.scalar(registered.order_by(Platform.id).limit(1))
