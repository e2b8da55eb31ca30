"""The table of tasks is the 25 that were promised, and each of them is walked by its test."""

import re
from collections import Counter
from pathlib import Path

from tests.browser.walking import read_tasks

PROMISED = {"teacher": 10, "student": 5, "observer": 3, "LMS admin": 4, "operator": 3}
FREQUENT = {"test_give_five_to_one_who_waits", "test_give_five_to_one_student_of_my_choice"} | {
    "test_give_five_to_the_whole_class"
}


def test_the_table_has_the_tasks_of_everybody() -> None:
    assert Counter(task.who for task in read_tasks()) == PROMISED


def test_what_is_done_often_takes_at_most_four_clicks() -> None:
    assert {task.test for task in read_tasks() if task.most <= 4} >= FREQUENT


def test_each_task_has_its_test_and_no_test_is_left_over() -> None:
    walked = [
        name
        for file in Path(__file__).parent.glob("test_tasks*.py")
        for name in re.findall(r"^def (test_\w+)\(.*\bwalk: Walk\b", file.read_text("utf-8"), re.MULTILINE)
    ]
    assert sorted(walked) == sorted(task.test for task in read_tasks())
