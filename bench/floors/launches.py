"""The floor of a launch: stateless login, the token checked by PyJWT with the key in memory, one statement, one page.

It is safe (signed state bound to the browser, one use of each nonce), and does what a launch of a known student must
leave behind: the nonce is spent and the enrolment's last launch noted. It knows one LMS and no other role, keeps no
log, counts nothing, and cannot say why it refuses.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
import psycopg
from flask import Flask, Response, redirect, request, session
from itsdangerous import URLSafeTimedSerializer

Row = tuple[Any, ...]
Arrive = Callable[[dict[str, Any]], Row | None]
Sheet = Callable[[str], Row]

_PAGE = """<!doctype html><html lang="en"><title>Credits</title><h1>{{ name }}</h1>
<dl><dt>Available</dt><dd>{{ available }}</dd><dt>Reserved</dt><dd>{{ held }}</dd><dt>Used</dt><dd>{{ used }}</dd></dl>
"""
_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"

_ARRIVE_POSTGRESQL = """
    with spent as (
        insert into spent_nonces (nonce, expires_at) values (%(nonce)s, %(expires_at)s)
        on conflict do nothing returning nonce)
    update enrollments e set last_launch_at = %(now)s
      from people p
      join members m on m.person_id = p.id
      join deployments d on d.platform_id = p.platform_id
      join contexts c on c.deployment_id = d.id
     where p.platform_id = %(platform_id)s and p.subject = %(subject)s and d.deployment_id = %(deployment_id)s
       and c.context_id = %(context_id)s and e.context_id = c.id and e.member_id = m.id and e.active
       and exists (select 1 from spent)
    returning e.member_id
"""
_SPEND_NONCE_SQLITE = "insert or ignore into spent_nonces (nonce, expires_at) values (:nonce, :expires_at)"
_ARRIVE_SQLITE = """
    update enrollments set last_launch_at = :now
     where active and (context_id, member_id) in (
        select c.id, m.id
          from people p
          join members m on m.person_id = p.id
          join deployments d on d.platform_id = p.platform_id
          join contexts c on c.deployment_id = d.id
         where p.platform_id = :platform_id and p.subject = :subject and d.deployment_id = :deployment_id
           and c.context_id = :context_id)
    returning member_id
"""
_SHEET = """
    select p.name, a.balance - a.held, a.held, a.used
      from members m
      join people p on p.id = m.person_id
      join accounts a on a.license_id = m.license_id and a.member_id = m.id and a.resource = 'export-credits'
     where m.id = {}
"""


def application() -> Flask:
    """The app, with the database and the platform that its environment names."""
    key = jwt.PyJWK(json.loads(os.environ["FLOOR_JWK"])).key
    issuer, client_id = os.environ["FLOOR_ISSUER"], os.environ["FLOOR_CLIENT_ID"]
    platform_id, asks_at = os.environ["FLOOR_PLATFORM_ID"], os.environ["FLOOR_AUTH_URL"]
    arrive, sheet = _books(os.environ["FLOOR_DATABASE"])
    app = Flask(__name__)
    app.secret_key = secrets.token_hex(32)
    states = URLSafeTimedSerializer(app.secret_key, salt="state")
    page = app.jinja_env.from_string(_PAGE)

    @app.get("/lti/login")
    def login() -> Any:
        nonce, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        state = states.dumps([nonce, hashlib.sha256(secret.encode()).hexdigest()])
        asked = _asked(client_id, state, nonce)
        answer = redirect(f"{asks_at}?{urlencode(asked)}")
        answer.set_cookie(f"login-{nonce[:8]}", secret, 600, secure=True, httponly=True, samesite="None")
        return answer

    @app.post("/lti/launch")
    def launch() -> Any:
        nonce, expected = states.loads(request.form["state"], max_age=600)
        secret = request.cookies[f"login-{nonce[:8]}"]
        claims = jwt.decode(request.form["id_token"], key, algorithms=["RS256"], audience=client_id, issuer=issuer)
        if hashlib.sha256(secret.encode()).hexdigest() != expected or claims["nonce"] != nonce:
            return Response(status=400)
        now = time.time_ns() // 1000
        found = arrive(_arrival(claims, platform_id, now))
        if found is None:
            return Response(status=400)
        session["member_id"] = found[0]
        return redirect("/student/", 303)

    @app.get("/student/")
    def student() -> str:
        name, available, held, used = sheet(session["member_id"])
        return page.render(name=name, available=available, held=held, used=used)

    return app


def _asked(client_id: str, state: str, nonce: str) -> dict[str, str]:
    return {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": client_id,
        "redirect_uri": "https://tool.test/lti/launch",
        "login_hint": request.args["login_hint"],
        "lti_message_hint": request.args["lti_message_hint"],
        "state": state,
        "nonce": nonce,
    }


def _arrival(claims: dict[str, Any], platform_id: str, now: int) -> dict[str, Any]:
    return {
        "nonce": claims["nonce"],
        "expires_at": now + 600_000_000,
        "now": now,
        "platform_id": platform_id,
        "subject": claims["sub"],
        "deployment_id": claims[f"{_CLAIM}deployment_id"],
        "context_id": claims[f"{_CLAIM}context"]["id"],
    }


def _books(database: str) -> tuple[Arrive, Sheet]:
    kept = threading.local()
    if database.startswith("postgresql"):

        def connection() -> "psycopg.Connection[Row]":
            if not hasattr(kept, "connection"):
                kept.connection = psycopg.connect(database, autocommit=True, prepare_threshold=1)
            found: psycopg.Connection[Row] = kept.connection
            return found

        return (
            lambda values: connection().execute(_ARRIVE_POSTGRESQL, values).fetchone(),
            lambda member_id: connection().execute(_SHEET.format("%s"), [member_id]).fetchone() or (),
        )

    def embedded() -> sqlite3.Connection:
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(database, isolation_level=None, timeout=30)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                kept.connection.execute(f"pragma {pragma}")
        found: sqlite3.Connection = kept.connection
        return found

    def arrive(values: dict[str, Any]) -> Row | None:
        books = embedded()
        books.execute("begin immediate")
        is_first = books.execute(_SPEND_NONCE_SQLITE, values).rowcount == 1
        rows = books.execute(_ARRIVE_SQLITE, values).fetchall() if is_first else []
        books.execute("commit")
        return rows[0] if rows else None

    return arrive, lambda member_id: embedded().execute(_SHEET.format("?"), [member_id]).fetchone()
