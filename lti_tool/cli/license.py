"""`creditroll license`: who has credits, how many, in which courses, and who manages them."""

from typing import Any

import click
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.cli import books, json_option, show
from lti_tool.db import database_now, db, transaction
from lti_tool.errors import Invalid
from lti_tool.ledger import issuing, pools
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import bindings, export_services, licenses
from lti_tool.licenses.export_services import Hosts
from lti_tool.licenses.licenses import License
from lti_tool.lti import contexts, platforms
from lti_tool.lti.platforms import Deployment
from lti_tool.members import people
from lti_tool.settings import Resource, Settings

Where = tuple[str, str, str]

deployment_option = click.option(
    "--deployment",
    type=(str, str, str),
    metavar="ISSUER CLIENT_ID DEPLOYMENT_ID",
    help="Where the license is in force; a deployment not seen yet is admitted.",
)
context_option = click.option("--context", "context_id", help="One course of the deployment, by the LMS's own id.")
resource_option = click.option("--resource", default="export-credits", show_default=True)


@click.group()
def command() -> None:
    """Create licenses, grant credits, bind courses, name managers."""


@command.command()
@click.option("--name", required=True, help="Whose license it is.")
@click.option("--credits", "amount", type=click.IntRange(min=0), required=True, help="What its pool starts with.")
@resource_option
@deployment_option
@context_option
@json_option
def create(
    *, name: str, amount: int, resource: str, deployment: Where | None, context_id: str | None, as_json: bool
) -> None:
    """Create a license with credits. It is bound, too, if a deployment is named."""
    with books() as settings:
        with transaction() as session:
            made = licenses.create(session, name=name, now=clock.now())
            pools.open_pool(session, made.id, _resource(settings, resource).name)
            if amount:
                _grant(session, made.id, _resource(settings, resource), amount, note=None)
            _bind(session, made.id, deployment, context_id)
        _show(settings, made.id, as_json=as_json)


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Show all licenses, oldest first."""
    with books() as settings:
        found = [_shape(db.session(), one, settings) for one in licenses.every(db.session())]
        show(found, as_json=as_json, lines=[line for shape in found for line in _lines(shape)] or ["None yet."])


@command.command("show")
@click.argument("license_id", metavar="ID")
@json_option
def show_(license_id: str, as_json: bool) -> None:
    """Show one license."""
    with books() as settings:
        _show(settings, license_id, as_json=as_json)


@command.command()
@click.argument("license_id", metavar="ID")
@click.option("--credits", "amount", type=click.IntRange(min=1), required=True)
@resource_option
@click.option("--note", help="Why; people read it in the history.")
@json_option
def grant(license_id: str, amount: int, resource: str, note: str | None, as_json: bool) -> None:
    """Put more credits into a license's pool."""
    with books() as settings:
        with transaction() as session:
            found = licenses.find(session, license_id)
            _grant(session, found.id, _resource(settings, resource), amount, note=note)
        _show(settings, license_id, as_json=as_json)


@command.command()
@click.argument("license_id", metavar="ID")
@deployment_option
@context_option
@json_option
def bind(license_id: str, deployment: Where | None, context_id: str | None, as_json: bool) -> None:
    """Put a license in force. In a whole deployment, or in one course of it."""
    if deployment is None:
        raise click.UsageError("Name the deployment: --deployment ISSUER CLIENT_ID DEPLOYMENT_ID")
    with books() as settings:
        with transaction() as session:
            _bind(session, licenses.find(session, license_id).id, deployment, context_id)
        _show(settings, license_id, as_json=as_json)


@command.command()
@click.argument("license_id", metavar="ID")
@click.option(
    "--add", "who", type=(str, str, str), metavar="ISSUER CLIENT_ID SUBJECT", required=True, help="As the LMS says it."
)
@json_option
def managers(license_id: str, who: tuple[str, str, str], as_json: bool) -> None:
    """Name a manager. From the first one on, only those named manage the license."""
    issuer, client_id, subject = who
    with books() as settings:
        with transaction() as session:
            found = licenses.find(session, license_id)
            platform = platforms.find_registered(session, issuer=issuer, client_id=client_id)
            person = people.find(session, platform.id, subject)
            licenses.name_manager(session, found.id, person.id, now=clock.now())
        _show(settings, license_id, as_json=as_json)


@command.command()
@click.argument("license_id", metavar="ID")
@click.option("--no", "is_over", is_flag=True, help="No longer: each order waits for its approval again.")
@json_option
def trust(license_id: str, is_over: bool, as_json: bool) -> None:
    """Credit a license's purchase orders at once. They no longer wait for `order approve`."""
    with books() as settings:
        with transaction() as session:
            licenses.trust(session, license_id, not is_over)
        _show(settings, license_id, as_json=as_json)


@command.command("export-service")
@click.argument("license_id", metavar="ID")
@click.option("--label", help="What the student's button says, 1 to 60 characters.")
@click.option("--url", help="Where it leads; https, but on hosts of allow_private_hosts.")
@click.option("--remove", "is_over", is_flag=True, help="No button any more.")
@json_option
def export_service(license_id: str, label: str | None, url: str | None, is_over: bool, as_json: bool) -> None:
    """Lead a license's students to the service that exports. With a button on their page."""
    if is_over == (label is not None or url is not None) or (label is None) != (url is None):
        raise click.UsageError("Give both --label and --url, or --remove.")
    with books() as settings:
        with transaction() as session:
            if label is None or url is None:
                export_services.remove(session, license_id, actor=OPERATOR, now=clock.now())
            else:
                export_services.set_service(
                    session,
                    license_id,
                    label=label,
                    url=url,
                    actor=OPERATOR,
                    hosts=Hosts.of(settings),
                    now=clock.now(),
                )
        _show(settings, license_id, as_json=as_json)


def _resource(settings: Settings, name: str) -> Resource:
    if name not in settings.resources:
        raise Invalid(f"There is no resource {name!r}; the catalogue has {', '.join(settings.resources)}.")
    return settings.resources[name]


def _grant(session: Session, license_id: str, resource: Resource, amount: int, *, note: str | None) -> None:
    issuing.grant(session, license_id, resource, amount=amount, actor=OPERATOR, now=clock.now(), note=note)


def _bind(session: Session, license_id: str, where: Where | None, context_id: str | None) -> None:
    if where is None:
        if context_id is not None:
            raise click.UsageError("--context needs --deployment ISSUER CLIENT_ID DEPLOYMENT_ID")
        return
    now = clock.now()
    deployment = _admitted(session, where)
    course = contexts.name_beforehand(session, deployment.id, context_id, now=now).id if context_id else None
    bindings.bind(session, license_id, deployment.id, course, now=now)


def _admitted(session: Session, where: Where) -> Deployment:
    issuer, client_id, deployment_id = where
    platform = platforms.find_registered(session, issuer=issuer, client_id=client_id)
    platforms.approve(session, platform, deployment_id=deployment_id, now=clock.now())
    return platforms.find_deployment(session, issuer=issuer, client_id=client_id, deployment_id=deployment_id)


def _show(settings: Settings, license_id: str, *, as_json: bool) -> None:
    shape = _shape(db.session(), licenses.find(db.session(), license_id), settings)
    show(shape, as_json=as_json, lines=_lines(shape))


def _shape(session: Session, found: License, settings: Settings) -> dict[str, Any]:
    described = licenses.describe(session, found, resources=settings.resources, now=database_now(session))
    service = export_services.find(session, found.id, Hosts.of(settings))
    return described | {
        "code": found.code,
        "bindings": bindings.describe(session, found.id),
        "assistants_teach": found.assistants_teach,
        "is_trusted": found.is_trusted,
        "export_service": {"label": service.label, "url": service.url} if service else None,
    }


def _lines(shape: dict[str, Any]) -> list[str]:
    figures = [
        f"    {one['resource']}: issued {one['issued']:,}, pool {one['pool']:,}, allotted {one['allotted']:,},"
        f" used {one['used']:,}, maximum per student {one['max_per_member'] or 'off'}"
        for one in shape["resources"]
    ]
    places = [
        f"    in force at {one['issuer']}  client {one['client_id']}  deployment {one['deployment_id']}"
        + (f"  course {one['context_id']}" if one["context_id"] else "  (every course)")
        for one in shape["bindings"]
    ]
    assistants = "    teaching assistants " + ("teach" if shape["assistants_teach"] else "look only")
    orders = "    purchase orders are credited " + ("at once" if shape["is_trusted"] else "when you approve them")
    service = shape["export_service"]
    exports = [f"    students export at {service['url']}  (“{service['label']}”)"] if service else []
    return [f"{shape['id']}  {shape['name']}  code {shape['code']}", *figures, *places, assistants, orders, *exports]
