"""Why a purchase was refused: a class for each reason, with its code."""

from lti_tool.errors import Invalid, Refusal


class NotForSale(Invalid):
    """The catalogue has no price for this quantity; the detail names the nearest that it has."""

    code = "not_for_sale"


class PriceExpired(Refusal):
    """The quote's time is over: its price holds no longer."""

    code = "price_expired"


class NotByPurchaseOrder(Refusal):
    """The order is not, or not yet, to be paid with a purchase order."""

    code = "not_by_purchase_order"


class ReferenceUsed(Refusal):
    """The bank's reference is noted for another payment; `figures` have its order's id and its amount."""

    code = "reference_used"


class OrderClosed(Refusal):
    """The order's state does not allow this any more; `figures["status"]` is what it became."""

    code = "order_closed"
