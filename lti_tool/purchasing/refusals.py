"""Why a purchase was refused: a class for each reason, with its code."""

from lti_tool.errors import Invalid, Refusal


class NotForSale(Invalid):
    """The catalogue has no price for this quantity; the detail names the nearest that it has."""

    code = "not_for_sale"


class TooManyQuotes(Refusal):
    """The licence has as many open quotes as it may."""

    code = "too_many_quotes"


class PriceExpired(Refusal):
    """The quote's time is over: its price holds no longer."""

    code = "price_expired"


class NotByCard(Refusal):
    """The order is to be paid in another way, or cards are not taken here."""

    code = "not_by_card"


class PaymentUnderWay(Refusal):
    """A payment for the order came already, or is on its way: nobody is to pay twice."""

    code = "payment_under_way"


class ProviderFault(Refusal):
    """The payment provider did not do what we asked; the order is as it was, and can be paid later."""

    code = "payment_provider_fault"
    status = 503


class ProviderUnreachable(ProviderFault):
    """The provider gave no answer, or said that it is broken."""

    code = "payment_provider_unreachable"


class ProviderBusy(ProviderFault):
    """The provider asks us to be slower, or is at work on the same request."""

    code = "payment_provider_busy"


class ProviderRefusesUs(ProviderFault):
    """The provider does not accept our key, or our address for it: whoever set Creditroll up has to mend it."""

    code = "payment_provider_refuses_us"


class PaymentNotTaken(ProviderFault):
    """The provider takes no payment like this one, as of an amount outside its limits."""

    code = "payment_not_taken"
    status = 409


class AskedOtherwise(ProviderFault):
    """The provider was asked for this attempt before, in other words; the next attempt begins anew."""

    code = "payment_asked_otherwise"
    status = 409


class NotByPurchaseOrder(Refusal):
    """The order is not, or not yet, to be paid with a purchase order."""

    code = "not_by_purchase_order"


class ReferenceUsed(Refusal):
    """The bank's reference is noted for another payment; `figures` have its order's id and its amount."""

    code = "reference_used"


class OrderClosed(Refusal):
    """The order's state does not allow this any more; `figures["status"]` is what it became."""

    code = "order_closed"
