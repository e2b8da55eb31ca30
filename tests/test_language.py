"""What people read is in their language, and whole numbers stand as they write them."""

import pytest

from lti_tool.language import _, language, locale, ngettext, number, speaking
from lti_tool.settings import load


def test_where_nobody_reads_it_is_english() -> None:
    assert _("Skip to the content") == "Skip to the content"


@pytest.mark.parametrize("tag", ["es", "es-MX", "es_ES"])
def test_a_language_that_we_have_is_spoken_whatever_the_place(tag: str) -> None:
    with speaking(tag):
        assert _("Skip to the content") == "Ir al contenido"
        assert locale().language == "es"
    assert locale().language == "en"


@pytest.mark.parametrize("tag", ["fr-FR", "", "x", "../../etc", "e" * 5000, "en"])
def test_any_other_is_answered_in_plain_english(tag: str) -> None:
    assert str(language(tag).locale) == "en_US"


def test_an_empty_sentence_is_empty_and_not_the_heading_of_the_catalog() -> None:
    with speaking("es"):
        assert _("") == ""


def test_numbers_are_written_as_the_place_does_it() -> None:
    with speaking("es-MX"):
        assert (number(12500), number(-5)) == ("12,500", "\u22125")
    with speaking("es-ES"):
        assert (number(12500), _("%(pool)s left", pool=12500)) == ("12.500", "12.500 left")


def test_figures_of_a_sentence_are_filled_in_and_one_is_one() -> None:
    counts = [ngettext("%(num)s student of %(all)s", "%(num)s students of %(all)s", n, all="all") for n in (1, 1250)]
    assert counts == ["1 student of all", "1,250 students of all"]


def test_credits_have_their_own_words_in_each_language() -> None:
    credits = load({}).resource
    with speaking("es-MX"):
        assert (credits.count(1), credits.count(1250), credits.title) == (
            "1 crédito",
            "1,250 créditos",
            "Créditos de exportación",
        )
    assert credits.count(1250) == "1,250 credits"
