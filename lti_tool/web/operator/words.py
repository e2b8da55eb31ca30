"""The words of the operator's pages for what an order, a payment and an event have come to."""

from lti_tool.language import N_

STATES = {
    "placed": N_("Waiting"),
    "fulfilled": N_("Credited"),
    "draft": N_("Quote"),
    "cancelled": N_("Cancelled"),
    "expired": N_("Expired"),
    "refused": N_("Refused"),
}
"""An order's states, as pills and in the filter; waiting ones are what an operator is here for."""

WAYS = {"purchase_order": N_("Purchase order"), "card": N_("Card"), None: N_("Not chosen yet")}
CLOSERS = {
    "manager": N_("the school"),
    "office": N_("the school’s office"),
    "operator": N_("the operator"),
    "provider": N_("the payment provider"),
    "time": N_("itself, as its time was over"),
}
PAYMENTS = {"pending": N_("Under way"), "paid": N_("Received"), "failed": N_("Failed")}
OUTCOMES = {"applied": N_("took effect"), "ignored": N_("changed nothing"), "problem": N_("problem")}
