"""A licence's exporting service: where a button may lead, and who may say so."""

import pytest
from sqlalchemy.orm import Session

from lti_tool.errors import Invalid, NotFound
from lti_tool.ledger.movements import OPERATOR, Actor
from lti_tool.licenses import export_services
from lti_tool.licenses.export_services import ExportService, Hosts
from tests.factories import NOW, make_license

ANYWHERE = Hosts(private=frozenset(), named=frozenset())
MANAGER = Actor("person", "p1")
URL = "https://films.example.org/from-creditroll?x=1"


def give(
    session: Session, *, label: str = "Export", url: str = URL, actor: Actor = MANAGER, hosts: Hosts = ANYWHERE
) -> ExportService:
    """A licence of its own gets this service."""
    return export_services.set_service(
        session, make_license(session).id, label=label, url=url, actor=actor, hosts=hosts, now=NOW
    )


def test_the_last_one_that_was_set_is_in_force(session: Session) -> None:
    one, other = make_license(session), make_license(session)
    for label in ("  First ", "Second"):
        export_services.set_service(session, one.id, label=label, url=URL, actor=MANAGER, hosts=ANYWHERE, now=NOW)
    assert export_services.find(session, one.id, ANYWHERE) == ExportService("Second", URL)
    assert export_services.find(session, other.id, ANYWHERE) is None


def test_a_removed_one_is_gone_and_removing_it_again_changes_nothing(session: Session) -> None:
    license_ = make_license(session)
    export_services.set_service(session, license_.id, label="Export", url=URL, actor=OPERATOR, hosts=ANYWHERE, now=NOW)
    assert export_services.remove(session, license_.id, actor=OPERATOR, now=NOW)
    assert not export_services.remove(session, license_.id, actor=OPERATOR, now=NOW)
    assert export_services.find(session, license_.id, ANYWHERE) is None


def test_there_has_to_be_a_license(session: Session) -> None:
    with pytest.raises(NotFound):
        export_services.set_service(session, "none", label="E", url=URL, actor=OPERATOR, hosts=ANYWHERE, now=NOW)
    with pytest.raises(NotFound):
        export_services.remove(session, "none", actor=OPERATOR, now=NOW)


@pytest.mark.parametrize("label", ["", "   ", "x" * 61, "two\nlines", "a\0b", "turned \u202e round"])
def test_a_label_that_no_button_can_show_is_refused(session: Session, label: str) -> None:
    with pytest.raises(Invalid) as refused:
        give(session, label=label)
    assert refused.value.figures["field"] == "label"


def test_a_label_may_have_60_characters(session: Session) -> None:
    assert give(session, label="é" * 60).label == "é" * 60


@pytest.mark.parametrize(
    "url",
    [
        "",
        "films.example.org",
        "//films.example.org/x",
        "http://films.example.org/x",
        "ftp://films.example.org/x",
        "javascript:alert(1)//films.example.org",
        "data:text/html,x",
        "https://",
        "https:///x",
        "https://user@films.example.org/x",
        "https://user:password@films.example.org/x",
        "https://films.example.org/x#part",
        "https://films.example.org/x#",
        "https://films.example.org:0/x",
        "https://films.example.org:99999/x",
        "https://films.example.org:port/x",
        "https://[films.example.org/x",
        "https://films.example.org;script-src *",
        "https://films.example.org' 'unsafe-inline'/x",
        "https://films.example.org\\@other.example.org/x",
        "https://films.example.org/a b",
        "https://films.example.org/\0",
        "https://films.exa\tmple.org/",
        "https://f\u0131lms.example.org/",
        "https://films.example.org/" + "x" * 2000,
    ],
)
def test_an_address_to_which_no_form_may_go_is_refused(session: Session, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        give(session, url=url, actor=OPERATOR)
    assert refused.value.figures["field"] == "url"


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "exports", "app.localhost", "files.internal"),
        *("localhost.", "files.internal.", "127.0.0.1."),
        *("127.0.0.1", "[::1]", "10.0.0.7", "169.254.169.254", "2130706433", "0x7f000001", "0x7f.1", "127.1"),
    ],
)
def test_a_private_host_is_refused_unless_the_operator_allows_it(session: Session, host: str) -> None:
    for scheme in ("https", "http"):
        with pytest.raises(Invalid):
            give(session, url=f"{scheme}://{host}/x", actor=OPERATOR)
    allowed = Hosts(private=frozenset({host.strip("[]")}), named=frozenset())
    assert give(session, url=f"http://{host}:8003/x", hosts=allowed).url == f"http://{host}:8003/x"


def test_managers_choose_among_the_hosts_that_are_named(session: Session) -> None:
    named = Hosts(private=frozenset(), named=frozenset({"films.example.org"}))
    assert give(session, hosts=named)
    with pytest.raises(Invalid, match=r"allows these hosts only: films\.example\.org"):
        give(session, url="https://films.example.org.evil.example/x", hosts=named)
    assert give(session, url="https://other.example.org/x", actor=OPERATOR, hosts=named)


def test_a_host_that_is_not_named_any_more_is_off_at_once(session: Session) -> None:
    narrowed = Hosts(private=frozenset(), named=frozenset({"other.example.org"}))
    by_manager, by_operator = make_license(session), make_license(session)
    for license_, actor in ((by_manager, MANAGER), (by_operator, OPERATOR)):
        export_services.set_service(session, license_.id, label="E", url=URL, actor=actor, hosts=ANYWHERE, now=NOW)
    assert export_services.find(session, by_manager.id, narrowed) is None
    assert export_services.find(session, by_operator.id, narrowed) == ExportService("E", URL)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Films.Example.org/a?b", "https://films.example.org"),
        ("HTTPS://films.example.org:443/a", "https://films.example.org"),
        ("https://films.example.org:", "https://films.example.org"),
        ("https://films.example.org:8443", "https://films.example.org:8443"),
        ("https://[2606:4700::1111]:444/x", "https://[2606:4700::1111]:444"),
    ],
)
def test_a_token_is_for_the_origin_as_browsers_write_it(session: Session, url: str, origin: str) -> None:
    assert give(session, url=url).origin == origin
