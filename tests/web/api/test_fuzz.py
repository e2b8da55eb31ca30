"""Whatever is asked for, a list answers with a page or a problem: never with a fault of ours."""

import base64
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from tests.conftest import Books
from tests.factories import make_member
from tests.web.api.conftest import Get

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_CURSOR = _TEXT | st.binary(max_size=120).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
_LIMIT = st.integers(-10, 600).map(str) | _TEXT
_NAMES = ("limit", "cursor", "after", "issuer", "client_id", "subject")
_PARAMETERS = st.fixed_dictionaries(
    {}, optional={name: _TEXT | st.uuids().map(str) for name in _NAMES} | {"cursor": _CURSOR, "limit": _LIMIT}
)
_ADDRESS = st.sampled_from(["", "/{id}", "/{id}/members", "/{id}/transfers"]) | _TEXT.map(lambda text: f"/{text}")
_EXAMPLES = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@pytest.fixture
def members(books: Books, school: License, course: Context) -> list[str]:
    """The ids of 12 members, in order."""
    with books() as session:
        return sorted(make_member(session, school, course).id for _ in range(12))


@_EXAMPLES
@given(address=_ADDRESS, parameters=_PARAMETERS)
def test_no_parameter_breaks_a_list(
    get: Get, problem: Any, school: License, address: str, parameters: dict[str, str]
) -> None:
    answer = get(f"/licenses{address.replace('{id}', school.id).replace('?', '')}", **parameters)
    if answer.status_code == 200:
        assert answer.content_type == "application/json"
    else:
        assert problem(answer) in {(422, "invalid"), (404, "not_found")}


@_EXAMPLES
@given(limits=st.lists(st.integers(1, 9), min_size=8, max_size=8))
def test_pages_of_any_sizes_show_each_member_once_and_in_order(
    get: Get, members: list[str], school: License, limits: list[int]
) -> None:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for limit in limits:
        page = get(f"/licenses/{school.id}/members", limit=limit, **cursor).get_json()
        assert len(page["items"]) == min(limit, len(members) - len(seen))
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            assert seen == members
            return
        cursor = {"cursor": page["next"]}
    assert seen == members[: len(seen)]
