"""Schemathesis asks what the document allows and what it forbids: each answer is one that the document foretells."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.specs.openapi.schemas import OpenApiSchema

from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses.licenses import License
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.api.conftest import Post
from tests.web.api.test_holds import CREDITS

pytestmark = pytest.mark.slow

load_all_checks()
FORETOLD: list[Any] = CHECKS.get_by_names(
    [
        *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
        *("response_headers_conformance", "response_schema_conformance"),
    ]
)
REFUSED: list[Any] = CHECKS.get_by_names(["negative_data_rejection"])
READS = ("licenses_page", "licenses_one", "members_page", "members_one", "holds_one", "transfers_page")
WRITES = ("holds_create", "holds_capture", "holds_release", "spends_create")
Ask = Callable[[Case[Any]], Any]
EXAMPLES = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def document(app: Flask) -> OpenApiSchema:
    """The tool's own document, as it serves it."""
    return openapi.from_wsgi("/api/openapi.json", app)


@pytest.fixture
def ids(books: Books, post: Post, school: License, student: str) -> dict[str, str]:
    """Real ids for the places in a path, so that a call reaches what it is about; the student has plenty."""
    with books() as session:
        allot(session, school.id, EXPORT_CREDITS, member_ids=[student], each=90, actor=OPERATOR, now=NOW)
    hold = post(f"/members/{student}/holds", resource=CREDITS, amount=9).get_json()["id"]
    return {"license": school.id, "member": student, "hold": hold}


@pytest.fixture
def ask(new_key: Callable[..., str]) -> Ask:
    """Asks with a key that may do everything."""
    headers = {"Authorization": f"Bearer {new_key(scopes=('spend',))}"}
    return lambda case: case.call(headers=headers)


@pytest.mark.parametrize("call", [*READS, *WRITES])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_each_answer_is_one_that_the_document_foretells(
    document: OpenApiSchema, ids: dict[str, str], ask: Ask, call: str, mode: GenerationMode
) -> None:
    operation = document.find_operation_by_id(call)
    checks = [*FORETOLD, *REFUSED] if mode is GenerationMode.NEGATIVE else FORETOLD
    seen: set[int] = set()

    @EXAMPLES
    @given(case=operation.as_strategy(generation_mode=mode), is_real=st.booleans())
    def try_one(case: Case[Any], is_real: bool) -> None:
        if is_real:  # which may make good again what was forbidden
            point(case, ids)
        answer = ask(case)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=FORETOLD if is_real else checks)

    try_one()
    assert max(seen) >= 400
    assert mode is GenerationMode.NEGATIVE or min(seen) < 300


def point(case: Case[Any], ids: dict[str, str]) -> None:
    """Turns the case to what there is, and to few enough to be had."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = ids[name]
    if isinstance(case.body, dict):
        if "resource" in case.body:
            case.body["resource"] = CREDITS
        amount = case.body.get("amount")
        if isinstance(amount, int) and not isinstance(amount, bool):
            case.body["amount"] = amount % 10
