"""What each problem means, and what to do about it, in an operator's words (docs/operator/payments.md has the same)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """A problem's title, and what to do with it."""

    title: str
    todo: str


WORDS = {
    "partial": Words(
        "Paid in part",
        "Ask the school for the rest and record it when it comes: the entry closes by itself. If the order waits and a"
        " part is enough for you, approve it.",
    ),
    "overpaid": Words(
        "Paid twice, or too much",
        "Give the surplus back where it came from: in Stripe's dashboard, or by a transfer of your bank. The school"
        " keeps its credits.",
    ),
    "paid_late": Words(
        "Paid after the quote had expired",
        "It was credited at its old price. Nothing is left to do, unless you do not want to honour the price: then give"
        " the money back.",
    ),
    "paid_after_cancel": Words(
        "Paid, but never placed or cancelled",
        "Nothing was credited. Ask the school: approve the order if they want the credits, or give the money back.",
    ),
    "refund_shortfall": Words(
        "Money went back for credits that were given out",
        "Students hold or used them, so they stay. Talk to the school: they may owe you for what was used.",
    ),
}
