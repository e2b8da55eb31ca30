"""What faults are tried on: a school with its pages, as the tests of the pages have it."""

from tests.web.conftest import enter, school, teacher

__all__ = ["enter", "school", "teacher"]
