"""GET /manager/members: everybody within reach, with what each has; the page that credits are given from."""

from dataclasses import asdict, replace
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from lti_tool.db import db
from lti_tool.language import N_, _
from lti_tool.lti.roles import Role
from lti_tool.members import counts, directory, requests
from lti_tool.members.selection import SHOWS, SORTS, Wish, looked_up
from lti_tool.web.access import STAFF, only
from lti_tool.web.manager import roster
from lti_tool.web.manager.desk import open_desk
from lti_tool.web.manager.overview import given

_DEFAULT = Wish()
_LONGEST_SEARCH = 100
_MARKED = {
    "staff": N_("Marked. They count as staff from now on, and find the class when they open Creditroll the next time."),
    "student": N_("Taken back. They are a student again, as your LMS says, from their next visit on."),
}
"""What the list says after a mark was set or taken back."""
_MOST_PAGES = 1_000
_ROLES = {
    Role.TEACHER: N_("teacher"),
    Role.TA: N_("TA"),
    Role.DESIGNER: N_("course designer"),
    Role.ADMIN: N_("administrator"),
}
"""How staff are called on the pill beside their name."""


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/members", "members", members)


@only(STAFF)
def members() -> str:
    """One page of the list, after the wish in the address."""
    session = db.session()
    desk = open_desk(session)
    wish = wish_from(request.args)
    asked = looked_up(session, desk.within, wish)
    found = counts.count(session, desk.within, desk.terms, asked, now=desk.now)
    pages = max(1, -(-found.of(wish.show) // directory.PAGE))
    wish, asked = (replace(one, page=min(wish.page, pages)) for one in (wish, asked))
    marked = request.args.get("marked", "")
    everybody = None if wish.search or wish.course else found
    state = roster.state(session, desk, counts=everybody, active=found.of_license)
    rows = directory.page(session, desk.within, desk.terms, asked, total=found.of(wish.show), now=desk.now)
    return render_template(
        "manager/members.html",
        desk=desk,
        wish=wish,
        counts=found,
        rows=rows,
        asking=requests.asking_among(session, desk.within, desk.resource.name, [row.member_id for row in rows]),
        pages=pages,
        nearby=_nearby(wish.page, pages),
        address=_address(wish),
        own=address_of(wish),
        roster=state,
        gave=given(desk),
        marked=_(_MARKED[marked]) if marked in _MARKED else "",
        ROLES=_ROLES,
        is_filtered=bool(wish.search or wish.course or wish.show != _DEFAULT.show),
    )


def wish_from(values: MultiDict[str, str]) -> Wish:
    """The wish of an address or form; what is not understood is left at its default."""
    show, sort, page = values.get("show", ""), values.get("sort", ""), values.get("page", "")
    return Wish(
        search=values.get("search", "").strip()[:_LONGEST_SEARCH],
        course=values.get("course", ""),
        show=show if show in SHOWS else _DEFAULT.show,
        sort=sort if sort.removeprefix("-") in SORTS else _DEFAULT.sort,
        page=min(max(int(page), 1), _MOST_PAGES) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
    )


def address_of(wish: Wish, **more: Any) -> str:
    """Where the list is shown after this wish."""
    default = asdict(_DEFAULT)
    told: dict[str, Any] = {name: value for name, value in asdict(wish).items() if value != default[name]}
    return url_for("manager.members", **told, **more)


def _address(wish: Wish) -> Any:
    """For the template: this page's address with something changed; a new order starts at page 1."""

    def address(**changed: Any) -> str:
        return address_of(replace(wish, **{"page": 1} | changed))

    return address


def _nearby(page: int, pages: int) -> list[int]:
    """The page links: the first, the last, and those around this one; 0 stands for a gap."""
    wanted = sorted({1, pages, *range(max(1, page - 1), min(pages, page + 1) + 1)})
    links: list[int] = []
    for number in wanted:
        if links and number - links[-1] > 1:
            links.append(0)
        links.append(number)
    return links
