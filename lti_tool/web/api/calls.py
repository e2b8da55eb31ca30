"""How a view says what its call takes and gives: read before the view runs, and written in the API's document."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException

from lti_tool.errors import Invalid, Refusal
from lti_tool.web.api import bodies, callers, idempotency, queries
from lti_tool.web.api.bodies import Malformed
from lti_tool.web.api.callers import needs
from lti_tool.web.api.idempotency import KeyMissing


@dataclass(frozen=True)
class Call:
    """One call: the key's scope, what may stand behind the question mark and in the body, and what it answers."""

    scope: str
    query: type[BaseModel]
    body: type[BaseModel] | None
    answers: type[BaseModel]
    status: int
    refuses: tuple[type[Refusal], ...]


def call(
    scope: str,
    *,
    query: type[BaseModel] = queries.Nothing,
    body: type[BaseModel] | None = None,
    answers: type[BaseModel],
    status: int = 200,
    refuses: tuple[type[Refusal], ...] = (),
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Declares the view below it. A body is given to it as `sent`, else the query as `asked` if it has any fields."""

    def declare(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def run(**ids: Any) -> Response:
            if body is None:
                asked = queries.read(query)
                return view(**ids, asked=asked) if query.model_fields else view(**ids)
            try:
                return write(body, ids)
            except (HTTPException, KeyMissing):  # before the claim, which would have asked
                callers.confirm()
                raise

        def write(body: type[BaseModel], ids: dict[str, Any]) -> Response:
            try:
                queries.read(query)
                sent = bodies.read(body)
            except (Invalid, Malformed) as refusal:
                return idempotency.refuse(refusal)
            return view(**ids, sent=sent)

        run.call = Call(scope, query, body, answers, status, refuses)  # type: ignore[attr-defined] # as in access.only
        return needs(scope)(run)

    return declare
