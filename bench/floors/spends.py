"""The floor of a spend over HTTP: one statement looks the key up, debits, writes the journal and keeps the answer.

It is safe (the unique key of the answer undoes a repeat, the condition is on the row that it debits), and leaves behind
what the tool does. It cannot replay, allot, refuse with a reason, limit or count anything.
"""

import hashlib
import json
import os
import threading
from typing import Any

import psycopg
from flask import Flask, Response, request

from lti_tool.ids import new_id

SPEND = """
    with caller as (
        select id, license_id from api_keys where secret_hash = %(secret_hash)s and revoked_at is null
    ), debited as (
        update accounts a
           set balance = a.balance - %(amount)s, used = a.used + %(amount)s, version = a.version + 1
          from caller
         where a.license_id = caller.license_id and a.resource = %(resource)s and a.member_id = %(member_id)s
           and a.balance - a.held >= %(amount)s and not a.frozen
        returning a.license_id, caller.id as api_key_id, a.version, a.balance, a.held, a.used, a.received,
                  (extract(epoch from clock_timestamp()) * 1000000)::bigint as now
    ), journal as (
        insert into transfers (license_id, id, resource, kind, amount, member_id, member_version,
                               member_balance_after, actor_kind, actor_id, reference, at)
        select license_id, %(id)s, %(resource)s, 'spend', %(amount)s, %(member_id)s, version, balance, 'api_key',
               api_key_id, %(reference)s, now
          from debited
    )
    insert into idempotency_keys (api_key_id, key, request_sha256, status, body, at)
    select api_key_id, %(key)s, %(request_sha256)s, 201,
           format('{"id":"%%s","status":"captured","amount":%%s,"balance":{"available":%%s,"held":%%s,"used":%%s,"received":%%s}}',
                  %(id)s::text, %(amount)s::bigint, balance - held, held, used, received), now
      from debited
    returning body
"""  # the answer's shape is one piece


def application() -> Flask:
    """The app, on the database that its environment names."""
    kept = threading.local()
    app = Flask(__name__)

    def books() -> "psycopg.Connection[Any]":
        if not hasattr(kept, "connection"):
            kept.connection = psycopg.connect(os.environ["FLOOR_DATABASE"], autocommit=True, prepare_threshold=1)
        found: psycopg.Connection[Any] = kept.connection
        return found

    @app.post("/api/v1/members/<uuid:member_id>/spends")
    def spend(member_id: object) -> Response:
        body = request.get_data()
        wish = json.loads(body)
        row = (
            books()
            .execute(
                SPEND,
                {
                    "secret_hash": hashlib.sha256(request.headers["Authorization"][7:].encode()).hexdigest(),
                    "key": request.headers["Idempotency-Key"],
                    "request_sha256": hashlib.sha256(request.path.encode() + body).hexdigest(),
                    "id": new_id(),
                    "member_id": str(member_id),
                    "resource": wish["resource"],
                    "amount": wish["amount"],
                    "reference": wish.get("reference"),
                },
            )
            .fetchone()
        )
        if row is None:
            return Response(status=409)
        return Response(row[0], 201, content_type="application/json")

    return app
