"""Many real processes on one pool for a time: each unit is accounted for, and nobody waits in a circle."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import text

from tests.conftest import Books
from tests.factories import NOW
from tests.faults import crew
from tests.ledger.a_class import Class
from tests.ledger.conftest import OpenClass

pytestmark = pytest.mark.slow

CREDITS = 3_000
SEED = 7

# With one writer at a time there is no circle to wait in: on SQLite a shorter time shows as much.
PATIENCE_S = {"sqlite": 10, "postgresql": 60}


def spend(class_: Class, chance: Random, students: Sequence[str]) -> Counter[str]:
    """A program spends, with bundles where they are needed."""
    amount = chance.randint(1, 4)
    class_.spend(chance.choice(students), amount)
    return Counter(spent=amount)


def hold(class_: Class, chance: Random, students: Sequence[str]) -> Counter[str]:
    """A program sets aside, then uses a part, or frees it, or is never heard of again."""
    amount = chance.randint(1, 4)
    held = class_.hold(chance.choice(students), amount)
    if chance.random() < 0.5:
        taken = chance.randint(1, amount)
        class_.capture(held.id, taken)
        return Counter(spent=taken)
    if chance.random() < 0.5:
        class_.release(held.id)
    return Counter(held=1)


def sweep(class_: Class, _chance: Random, _students: Sequence[str]) -> Counter[str]:
    """The sweeper ends what is still held."""
    return Counter(swept=class_.sweep(NOW + timedelta(hours=2)))


def launch(class_: Class, chance: Random, students: Sequence[str]) -> Counter[str]:
    """A student comes."""
    class_.launch(chance.choice(students))
    return Counter(launches=1)


def give(class_: Class, chance: Random, students: Sequence[str]) -> Counter[str]:
    """A teacher gives to one, or to many in whatever order they were ticked."""
    people = chance.sample(students, chance.choice([1, len(students) // 2, len(students)]))
    return Counter(given=class_.allot(people, 1).total)


def grant(class_: Class, chance: Random, _students: Sequence[str]) -> Counter[str]:
    """An operator fills the pool a little."""
    amount = chance.randint(1, 100)
    class_.grant(amount)
    return Counter(granted=amount)


def come_and_go(class_: Class, chance: Random, students: Sequence[str]) -> Counter[str]:
    """A student leaves the course and returns."""
    student = chance.choice(students)
    class_.leave(student)
    class_.come_back(student)
    return Counter(returned=1)


def change_maximum(class_: Class, chance: Random, _students: Sequence[str]) -> Counter[str]:
    """A teacher changes the setting."""
    class_.set_maximum(5 * chance.randint(0, 40))
    return Counter(changed=1)


def anything(class_: Class, chance: Random, students: Sequence[str]) -> Counter[str]:
    """Whatever happens in a school."""
    turns = (spend, hold, sweep, launch, give, grant, come_and_go, change_maximum)
    [turn] = chance.choices(turns, (30, 20, 3, 20, 10, 10, 4, 3))
    return turn(class_, chance, students)


def sums(books: Books, class_: Class) -> dict[str, int]:
    """What the accounts and the pool hold, and what the journal moved, in units."""
    queries = {
        "pool": "select balance from pools where license_id = :id and resource = 'export-credits'",
        "issued": "select issued from pools where license_id = :id and resource = 'export-credits'",
        "received": "select sum(received) from accounts where license_id = :id",
        "used": "select sum(used) from accounts where license_id = :id",
        "least": "select min(balance - held) from accounts where license_id = :id",
        "by hand": "select sum(amount) from transfers where license_id = :id and kind = 'manual_allotment'",
        "spent": "select sum(amount) from transfers where license_id = :id and kind = 'spend'",
    }
    with books() as session:
        return {
            name: int(session.scalars(text(query), {"id": class_.license_id}).one() or 0)
            for name, query in queries.items()
        }


def failures(told: Counter[str]) -> dict[str, int]:
    """What the database would not do."""
    return {what: times for what, times in told.items() if what.startswith("failed")}


def test_sixteen_processes_that_do_anything_for_half_a_minute_lose_nothing(
    new_class: OpenClass, books: Books, database_url: str
) -> None:
    class_ = new_class(credits=CREDITS, maximum=50)
    students = class_.students(50)
    told = crew.work(database_url, class_, [(anything, students)] * 16, for_s=30, seed=SEED)
    assert failures(told) == {}
    found = sums(books, class_)
    assert found["issued"] == CREDITS + told["granted"]
    assert found["issued"] == found["pool"] + found["received"]
    assert found["used"] == found["spent"] == told["spent"] > 0
    assert found["by hand"] == told["given"] > 0
    assert found["least"] >= 0


def test_batches_in_opposite_orders_and_spends_never_wait_in_a_circle(
    new_class: OpenClass, books: Books, database_url: str
) -> None:
    class_ = new_class(credits=10_000_000, maximum=1_000_000)
    students = class_.students(60)
    turned = students[::-1]
    shifts = [
        *[(give, students[:40]), (give, turned[:40]), (give, turned), (give, students[10:50])],
        *[(spend, students), (spend, turned[:20]), (hold, students), (launch, turned), (sweep, students)],
    ]
    lasts_s = PATIENCE_S[database_url.partition(":")[0].partition("+")[0]]
    told = crew.work(database_url, class_, shifts, for_s=lasts_s, seed=SEED)
    assert failures(told) == {}
    found = sums(books, class_)
    assert found["issued"] == found["pool"] + found["received"] == 10_000_000
    assert found["by hand"] == told["given"] > 0
    assert found["used"] == found["spent"] == told["spent"] > 0


def test_no_bundle_goes_beyond_the_maximum_that_it_names_while_the_maximum_changes(
    new_class: OpenClass, books: Books, database_url: str
) -> None:
    class_ = new_class(credits=100_000, maximum=50)
    students = class_.students(20)
    shifts = [*[(spend, [student]) for student in students], (change_maximum, students)]
    told = crew.work(database_url, class_, shifts, for_s=8, seed=SEED)
    assert failures(told) == {}
    assert told["changed"] > 1
    with books() as session:
        bundles = session.execute(
            text(
                """
                select p.version, p.maximum,
                       (select sum(b.amount) from transfers b where b.member_id = t.member_id and b.kind <> 'spend'
                           and b.license_id = t.license_id and b.member_version <= t.member_version) as received
                  from transfers t
                  join batches o on o.license_id = t.license_id and o.id = t.batch_id
                  join policies p on p.license_id = o.license_id and p.resource = o.resource
                       and p.version = o.policy_version
                 where t.license_id = :id and t.kind = 'auto_allotment'
                """
            ),
            {"id": class_.license_id},
        ).all()
    assert len({version for version, _, _ in bundles}) > 1, "settings changed between bundles"
    assert [bundle for bundle in bundles if bundle.received > bundle.maximum] == []
