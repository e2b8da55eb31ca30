"""Quote, invoice and receipt say what was agreed, add up to the cent, and are the same whenever they are drawn."""

import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from lti_tool.purchasing.papers import draw
from lti_tool.purchasing.papers.facts import Facts, Received, Seller
from tests.factories import NOW
from tests.purchasing.paper import INVOICE, QUOTE, RECEIPT, amounts, drawn, opened, text


def paid(facts: Facts, *cents: int, given_back: int = 0) -> Facts:
    """The paper after these payments came, a day apart."""
    received = tuple(Received(NOW + timedelta(days=day), "bank", f"ACH {day}", one) for day, one in enumerate(cents))
    return replace(facts, received=received, given_back=given_back)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            QUOTE,
            ("Cotización\nQ-2026-7F3A9KQX", "Válido hasta 23 de diciembre de 2026", "Precio unitario", "Cómo pedir"),
        ),
        (INVOICE, ("Factura\nI-2026", "Facturar a", "Pendiente de pago", "Importe pendiente", "Enviar el pago a")),
        (RECEIPT, ("Recibo\nR-2026", "Pagado por completo", "Recibido de", "Pagos")),
    ],
)
def test_a_paper_speaks_the_readers_language(facts: Facts, said: tuple[str, ...]) -> None:
    theirs = replace(facts, locale="es_MX")
    assert b"/Lang (es-MX)" in draw.pdf(theirs)
    shown = drawn(theirs)
    for part in said:
        assert part in shown, shown
    for english in ("Quote", "Invoice", "Receipt", "Subtotal (", "Price each", "Paid", "Order", "License"):
        assert english not in shown, shown


def test_a_quote_says_what_it_costs_until_when_and_how_to_order() -> None:
    shown = drawn(QUOTE)
    for part in (
        "Quote\nQ-2026-7F3A9KQX",
        "Prepared for\nLincoln High",
        "Date November 23, 2026",
        "Valid until December 23, 2026, 9:00 AM UTC",
        "Order CR-2026-7F3A9KQX",
        "100 $0.50 $50.00",
        "Sales tax (8.25%) $4.13",
        "Total $54.13",
        "send one that names quote Q-2026-7F3A9KQX to orders@creditroll.example",
        "replaces any earlier one of this number",
        "Tax ID 12-3456789",
    ):
        assert part in shown, part
    assert "card" not in shown
    bare = drawn(replace(QUOTE, seller=Seller("Creditroll", (), "", "")))
    assert bare.startswith("Creditroll Quote\nQ-2026")
    assert "names quote Q-2026-7F3A9KQX to Creditroll, or" in bare
    assert "choose to pay by card" in drawn(replace(QUOTE, takes_cards=True))


@pytest.mark.parametrize(
    ("changed", "mark"),
    [
        ({"is_over": True}, "Expired"),
        ({"is_over": True, "status": "expired"}, "Expired"),
        ({"status": "refused"}, "Expired"),
        ({"status": "cancelled"}, "Cancelled"),
        ({"status": "fulfilled", "placed_at": NOW}, "Ordered on November 23, 2026"),
    ],
)
def test_a_quote_that_cannot_be_ordered_from_any_more_says_so(changed: dict[str, object], mark: str) -> None:
    shown = drawn(replace(QUOTE, **changed))  # type: ignore[arg-type] # fields of Facts, by name
    assert f"Q-2026-7F3A9KQX\n{mark}\n" in shown
    assert "How to order" not in shown


def test_an_invoice_has_the_schools_number_the_terms_and_where_to_send_the_money() -> None:
    shown = drawn(INVOICE)
    for part in (
        "Invoice\nI-2026-7F3A9KQX\nTo be paid",
        "Bill to\nSpringfield School District\nZoë O’Brien-Nguyễn\n12 Main Street\naccounts@springfield.example",
        "Invoice date November 23, 2026\nPurchase order 4500-2291\nTerms Net 30\nDue December 23, 2026",
        "Amount due $54.13",
        "Remit to\nCreditroll\n1 Example Street\nSpringfield, IL 62701",
        "Send $54.13 by December 23, 2026, and name invoice I-2026-7F3A9KQX with it.",
    ):
        assert part in shown, part
    assert "Terms Due on receipt" in drawn(replace(INVOICE, due_at=NOW))
    exempt = drawn(replace(INVOICE, is_exempt=True, tax=0, total=5000))
    assert "Exempt, certificate on file" in exempt
    assert "Amount due $50.00" in exempt


def test_an_invoice_goes_down_from_the_total_to_what_is_still_due() -> None:
    in_part, in_full, too_much = (drawn(paid(INVOICE, *cents)) for cents in ((2000,), (2000, 3413), (6000,)))
    assert "Paid in part" in in_part
    assert "Paid \u2212$20.00\nAmount due $34.13" in in_part
    assert "Send $34.13" in in_part
    assert "Paid in full" in in_full
    assert "Paid \u2212$54.13\nAmount due $0.00" in in_full
    assert "Remit to" not in in_full
    assert "Paid \u2212$60.00\nPaid too much $5.87\nAmount due $0.00" in too_much
    cancelled = drawn(replace(paid(INVOICE, 1000), status="cancelled"))
    assert "Cancelled: nothing to pay" in cancelled
    assert "Paid \u2212$10.00\nCancelled \u2212$44.13\nAmount due $0.00" in cancelled


def test_a_receipt_says_what_was_paid_when_and_how() -> None:
    shown = drawn(RECEIPT)
    for part in (
        "Receipt\nR-2026-7F3A9KQX\nPaid in full",
        "Paid on December 13, 2026\nPurchase order 4500-2291",
        "December 13, 2026: Bank, reference ACH 0042 $54.13\nPaid $54.13",
    ):
        assert part in shown, part
    card = replace(RECEIPT, received=(Received(NOW, "stripe", "pi_3QWERTY", 5413),), po_number="", billed_to=())
    assert "November 23, 2026: Card, through Stripe, reference pi_3QWERTY $54.13" in drawn(card)


def test_a_receipt_says_what_went_back_and_what_is_still_the_schools() -> None:
    in_part, all_of_it = (drawn(replace(RECEIPT, given_back=cents)) for cents in (2706, 5413))
    assert "Refunded in part" in in_part
    assert "Given back \u2212$27.06\nPaid, less what was given back $27.07" in in_part
    assert "R-2026-7F3A9KQX\nRefunded\n" in all_of_it
    assert "Paid, less what was given back $0.00" in all_of_it
    assert "Paid too much\n$5.87 is yours. Write to orders@creditroll.example." in drawn(paid(RECEIPT, 6000))
    returned = drawn(paid(RECEIPT, 6000, given_back=587))
    assert "Paid in full" in returned
    assert "Paid too much" not in returned
    cancelled = drawn(replace(RECEIPT, status="cancelled"))
    assert "This order is cancelled\n$54.13 is yours." in cancelled


def test_the_same_paper_is_the_same_file_whenever_it_is_drawn() -> None:
    first = draw.pdf(INVOICE)
    draw.pdf(replace(RECEIPT, billed_to=("Ωμέγα", "Школа")))
    assert draw.pdf(INVOICE) == first
    with opened(first) as document:
        about = document.get_metadata_dict()
        assert len(document) == 1
    assert about["Title"] == "Invoice I-2026-7F3A9KQX, Creditroll"
    assert about["Author"] == "Creditroll"
    assert about["CreationDate"] == about["ModDate"] == "D:20261123090000Z"
    assert b"/Lang (en-US)" in first
    assert set(re.findall(rb"/BaseFont /(\S+)", first)) == {
        b"AAAAAA+DejaVuSansCondensed",
        b"AAAAAA+DejaVuSansCondensed-Bold",
    }
    assert first.count(b"/FontFile2") == 2


def test_what_was_typed_comes_out_letter_by_letter() -> None:
    typed = ("<b>Bold</b> & Sons &amp; <para>", "a\tb\x00c\u202ed\ne", "محمد الصالح", "שלום (עולם) 12", "Ελένη Жанна")
    shown = drawn(replace(INVOICE, billed_to=typed, license_name="<font color=red>&lt;"))
    for part in (typed[0], "a b cd e", *typed[2:], "<font color=red>&lt;"):
        assert part in shown, part
    assert "\u25a1" not in shown


def test_letters_that_the_typeface_lacks_are_replaced_in_sight_and_the_paper_says_so() -> None:
    shown = drawn(replace(INVOICE, billed_to=("王小明", "学校 😀", "office@school.example")))
    assert "Bill to\n\u25a1\u25a1\u25a1\n\u25a1\u25a1 \u25a1\noffice@school.example" in shown
    assert "\u25a1 stands for a letter that the typeface of this paper lacks." in shown


def test_the_longest_that_may_be_typed_stays_inside_the_margins() -> None:
    wide = ("W" * 120, "W" * 120, *["W" * 100] * 4, f"{'w' * 64}@{'w' * 63}.{'w' * 63}.{'w' * 59}")
    most = replace(INVOICE, billed_to=wide, po_number="W" * 60, license_name="W" * 200)
    most = replace(most, quantity=1_000_000, goods=10**11, tax=825 * 10**7, total=10**11 + 825 * 10**7)
    pdf = draw.pdf(most)
    assert text(pdf).count("W") == 120 + 120 + 400 + 60 + 200
    assert "Amount due $1,082,500,000.00" in text(pdf)
    with opened(pdf) as document:
        assert len(document) <= 3
        for page in document:
            across, down = page.get_size()
            words = page.get_textpage()
            for place in range(words.count_rects()):
                left, bottom, right, top = words.get_rect(place)
                assert 53 <= left <= right <= across - 53
                assert 30 <= bottom <= top <= down - 50


def test_many_payments_go_on_on_further_pages() -> None:
    pdf = draw.pdf(paid(RECEIPT, *[54] * 99, 67))
    assert [label for label, _ in amounts(text(pdf))].count("Paid") == 1
    assert len([label for label, _ in amounts(text(pdf)) if "reference ACH" in label]) == 100
    with opened(pdf) as document:
        assert 2 <= len(document) <= 5


def test_figures_stand_under_each_other() -> None:
    with opened(draw.pdf(INVOICE)) as document:
        words = document[0].get_textpage()
        found = SimpleNamespace(text=words.get_text_range(), ends=[])
        for amount in ("$50.00", "$4.13", "$54.13"):
            finder = words.search(amount)
            start, count = finder.get_next()
            found.ends.append(words.get_charbox(start + count - 1)[2])
    assert max(found.ends) - min(found.ends) < 1


def test_money_and_dates_are_as_the_reader_writes_them() -> None:
    british = drawn(replace(QUOTE, currency="GBP", locale="en_GB"))
    assert "Date 23 November 2026" in british
    assert "Valid until 23 December 2026, 09:00 UTC" in british
    assert "Total £54.13" in british
    yen = replace(QUOTE, currency="JPY", goods=7500, tax=750, total=8250, tax_rate=1000, quantity=7)
    assert "7 ≈ ¥1,071.43 ¥7,500\nSubtotal ¥7,500\nSales tax (10%) ¥750\nTotal ¥8,250" in drawn(yen).replace(
        "\u00a0", " "
    )
