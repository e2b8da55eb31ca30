"""What faults are tried on: a school with its pages, and classes whose books are audited at the end."""

from tests.ledger.conftest import new_class
from tests.web.conftest import enter, school, teacher

__all__ = ["enter", "new_class", "school", "teacher"]
