"""The link in a letter asks first, stops letters without a login, and does nothing else."""

from flask.testing import FlaskClient

from lti_tool.alerts import leaving, wishes
from lti_tool.alerts.wishes import Key
from tests.factories import EXPORT_CREDITS, NOW, SECRET_KEY
from tests.web.conftest import School


def test_it_asks_stops_and_may_be_pressed_twice(client: FlaskClient, school: School) -> None:
    key = Key(school.license, EXPORT_CREDITS.name, school.teacher_person)
    with school.books() as books:
        wishes.save(books, key, ["empty"], low=(), locale="en_US", based_on=0, now=NOW)
    address = leaving.address(key, secret_key=SECRET_KEY, public_url="")
    assert "Stop these letters?" in client.get(address).text
    with school.books() as books:
        wish = wishes.find(books, key)
        assert wish is not None
        assert wish.wanted == {"empty"}, "looking changes nothing: mail programs look by themselves"
    for _ in range(2):
        answer = client.post(address, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, "You get no more letters" in answer.text) == (200, True)
    with school.books() as books:
        wish = wishes.find(books, key)
        assert wish is not None
        assert wish.wanted == frozenset()
    assert client.get(address[:-2]).status_code == client.post(address[:-2]).status_code == 404
