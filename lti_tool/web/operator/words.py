"""The words of the operator's pages for what an order, a payment and an event have come to."""

STATES = {
    "placed": "Waiting",
    "fulfilled": "Credited",
    "draft": "Quote",
    "cancelled": "Cancelled",
    "expired": "Expired",
    "refused": "Refused",
}
"""An order's states, as pills and in the filter; waiting ones are what an operator is here for."""

WAYS = {"purchase_order": "Purchase order", "card": "Card", None: "Not chosen yet"}
CLOSERS = {
    "manager": "the school",
    "office": "the school’s office",
    "operator": "the operator",
    "provider": "the payment provider",
    "time": "itself, as its time was over",
}
PAYMENTS = {"pending": "Under way", "paid": "Received", "failed": "Failed"}
OUTCOMES = {"applied": "took effect", "ignored": "changed nothing", "problem": "problem"}
