"""What each problem means, and what to do about it, in an operator's words (docs/operator/payments.md has the same)."""

from dataclasses import dataclass

from lti_tool.language import N_


@dataclass(frozen=True)
class Words:
    """A problem's title, and what to do with it."""

    title: str
    todo: str


WORDS = {
    "partial": Words(
        N_("Paid in part"),
        N_(
            "Ask the school for the rest and record it when it comes: the entry closes by itself. If the order waits"
            " and a part is enough for you, approve it."
        ),
    ),
    "overpaid": Words(
        N_("Paid twice, or too much"),
        N_(
            "Give the surplus back where it came from: in Stripe’s dashboard, or by a transfer of your bank. The"
            " school keeps its credits."
        ),
    ),
    "paid_late": Words(
        N_("Paid after the quote had expired"),
        N_(
            "It was credited at its old price. Nothing is left to do, unless you do not want to honor the price: then"
            " give the money back."
        ),
    ),
    "paid_after_cancel": Words(
        N_("Paid, but cancelled or never placed"),
        N_(
            "Nothing was credited. Ask the school: approve the order if they want the credits (the entry closes by"
            " itself), or give the money back."
        ),
    ),
    "refund_shortfall": Words(
        N_("Money went back for credits that were given out"),
        N_("Students hold or used them, so they stay. Talk to the school: they may owe you for what was used."),
    ),
    "paid_after_refund": Words(
        N_("Paid again after a refund"),
        N_(
            "The refund took credits out, and the second payment does not bring them back by itself. Grant the number"
            " that the entry names with “creditroll license grant”, or give the second payment back."
        ),
    ),
    "unmatched": Words(
        N_("A payment for no order that we know"),
        N_(
            "Look the payment up in Stripe’s dashboard. If you find the order that it is for, record it there with"
            " the payment’s id as reference; that credits the order. Else give it back."
        ),
    ),
    "amount_differs": Words(
        N_("Another sum or currency than the order’s"),
        N_(
            "Compare the order with Stripe’s dashboard. Money in another currency never credits an order: give it"
            " back, or record what it is worth to you. Too little is listed as paid in part, too much as paid twice."
        ),
    ),
    "other_order": Words(
        N_("One payment that names two orders"),
        N_(
            "It counts for the order that it came for first. If it was meant for the other one, ask whoever paid;"
            " record it there, and give it back or write it off here."
        ),
    ),
    "disputed": Words(
        N_("The payer’s bank asks for the money back"),
        N_(
            "Answer in Stripe’s dashboard before the date that it names; the order’s papers are good evidence."
            " Nothing is taken out of the license until the dispute is lost; the entry closes by itself at its end."
        ),
    ),
    "dispute_lost": Words(
        N_("A dispute was lost"),
        N_(
            "The credits went back out of the license, as far as they were not given out. Talk to the school; a new"
            " order replaces them."
        ),
    ),
    "refund_failed": Words(
        N_("A refund did not reach the payer"),
        N_(
            "The money is in your Stripe account again, and the order counts it as given back. Give it back in"
            " another way, or grant the credits that were taken out with “creditroll license grant”."
        ),
    ),
    "foreign_account": Words(
        N_("A message about another seller’s money"),
        N_(
            "Nothing was changed. In Stripe’s dashboard, let the webhook listen to events of your own account only,"
            " not of connected accounts."
        ),
    ),
    "mode_differs": Words(
        N_("A test message with a live key, or the other way round"),
        N_(
            "Nothing was changed. Key and webhook secret must be of the same mode; take the secret of a test webhook"
            " out of the settings of a live installation."
        ),
    ),
    "unreadable": Words(
        N_("A message of Stripe’s that we cannot read"),
        N_(
            "Look the event up in Stripe’s dashboard. If it says that an order was paid, record the payment on that"
            " order. Check that the webhook’s API version is the one that the manual names."
        ),
    ),
    "webhook_missing": Words(
        N_("Paid at Stripe, but no message came"),
        N_(
            "Open the webhook in Stripe’s dashboard: is its address right, is it enabled, are its last deliveries"
            " refused? Resend the failed ones; the entry closes by itself. Nothing is credited before."
        ),
    ),
}
