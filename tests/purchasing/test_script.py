"""Names in Arabic and Hebrew are drawn as their readers read them (expected lines are those of Unicode Annex 9)."""

import unicodedata

import pytest

from lti_tool.purchasing.papers import script


def forms(text: str) -> list[str]:
    """The form of each letter of the joined text."""
    return [unicodedata.decomposition(letter).split()[0] for letter in script.joined(text)]


def test_arabic_letters_join_their_neighbours() -> None:
    assert forms("محمد") == ["<initial>", "<medial>", "<medial>", "<final>"]
    assert forms("دار") == ["<isolated>"] * 3
    assert forms("ببب") == ["<initial>", "<medial>", "<final>"]
    assert forms("دبب") == ["<isolated>", "<initial>", "<final>"]
    assert script.joined("بلا لا") == "\ufe91\ufefc \ufefb"
    assert script.joined("ب\u200cب")[::2] == "\ufe8f\ufe8f"
    assert script.joined("ب\u064eب") == "\ufe91\u064e\ufe90"
    assert script.joined("Zoë שלום") == "Zoë שלום"


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("Zoë (12/5)", "Zoë (12/5)"),
        ("אבג", "גבא"),
        ("אב 12", "12 בא"),
        ("12 אב", "בא 12"),
        ("PO אב (12/5) end", "PO (12/5) בא end"),
        ("אב PO-47 (abc) ג", "ג PO-47 (abc) בא"),
        ("אב (גד) הו", "וה (דג) בא"),
        ("Smith אב גד Jones", "Smith דג בא Jones"),
        ("אב, 5", "5 ,בא"),
        ("()", "()"),
        ("אב (", ") בא"),
    ],
)
def test_a_line_is_seen_from_right_to_left_but_for_figures_and_latin_words(typed: str, seen: str) -> None:
    assert script.seen(typed) == seen
