"""Health, readiness and figures, for those who run the tool."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from lti_tool.db import db
from lti_tool.ledger import issuing
from lti_tool.ledger.movements import OPERATOR
from lti_tool.purchasing import fulfilment
from lti_tool.webhooks import endpoints
from tests.conftest import Books, MakeApp
from tests.factories import NOW, make_endpoint, make_license, make_order, make_payment


def test_a_running_tool_is_healthy_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_an_outdated_database_is_not_ready_but_alive(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0000'"))
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_database_that_is_gone_is_not_ready(make_app: MakeApp) -> None:
    client = make_app(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none").test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database does not answer\n")


def test_figures_count_requests_by_route_and_never_by_address(client: FlaskClient) -> None:
    client.get("/healthz")
    client.get("/no/such/page/of/ada")
    figures = client.get("/metrics").text
    assert 'creditroll_requests_total{method="GET",route="/healthz",status="200"}' in figures
    assert 'route="none",status="404"' in figures
    assert "ada" not in figures


def test_figures_show_what_about_money_waits_for_a_person(client: FlaskClient, books: Books) -> None:
    assert "creditroll_payment_problems_open{" not in client.get("/metrics").text
    with books() as session:
        order = make_order(session, make_license(session))
        make_payment(session, order, amount=2 * order.total)
        fulfilment.settle(session, order.id, now=NOW)
    figures = client.get("/metrics").text
    assert 'creditroll_orders_fulfilled_total{method="card"} 1.0' in figures
    assert 'creditroll_payment_problems_open{code="overpaid"} 1.0' in figures


def test_figures_show_how_webhooks_do(client: FlaskClient, books: Books) -> None:
    with books() as session:
        license_id = make_license(session).id
        make_endpoint(session, license_id).failing_since = NOW
        endpoints.end(session, make_endpoint(session, license_id), endpoints.OFF, "tried", now=NOW)
        issuing.refund(session, license_id, "export-credits", amount=100, number="CR-1", actor=OPERATOR, now=NOW)
    figures = client.get("/metrics").text
    for status, count in {"on": 1, "off": 1, "gone": 0, "failing": 1}.items():
        assert f'creditroll_webhook_endpoints{{status="{status}"}} {count}.0' in figures
    assert "creditroll_webhook_deliveries_waiting 1.0" in figures
    assert "creditroll_webhook_oldest_waiting_seconds " in figures


def test_figures_of_requests_need_no_database(make_app: MakeApp) -> None:
    client = make_app(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none").test_client()
    assert "creditroll_requests_total" in client.get("/metrics").text


def test_figures_count_refusals_by_the_code_that_people_see(client: FlaskClient) -> None:
    assert client.get("/student/").status_code == 401
    assert client.get("/api/v1/licenses").status_code == 401
    figures = client.get("/metrics").text
    assert 'creditroll_refusals_total{code="no_session"}' in figures
    assert 'creditroll_refusals_total{code="unauthorized"}' in figures


@pytest.mark.parametrize(
    "request_of",
    [
        {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}},
        {"environ_base": {"REMOTE_ADDR": ""}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
    ],
)
def test_figures_are_for_neighbours_only(client: FlaskClient, request_of: dict[str, dict[str, str]]) -> None:
    assert client.get("/metrics", **request_of).status_code == 404


def test_a_setting_names_more_neighbours(make_app: MakeApp) -> None:
    client = make_app(metrics_from=["10.0.0.0/8"]).test_client()
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 200
    assert client.get("/metrics").status_code == 404


def test_a_request_id_is_kept_if_it_looks_like_one_and_made_otherwise(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abc-12345678"}).headers["X-Request-Id"] == "abc-12345678"
    made = client.get("/healthz", headers={"X-Request-Id": "<script>"}).headers["X-Request-Id"]
    assert len(made) == 36


def test_a_request_is_logged_by_route_without_its_query(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/no/such/page?name=ada")
    [line] = [line for line in capsys.readouterr().out.splitlines() if "request" in line]
    assert "route=none" in line
    assert "ada" not in line
