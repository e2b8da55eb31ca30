"""Proves orders against the books and against the money that came for them, and names each fault (R27, R28, R30).

It does the sums of `fulfilment.settle` again, in the database and apart from that code, each check in one statement.
"""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from lti_tool.ledger.audit import Check, Fault


def faults(session: Session, license_id: str | None = None) -> Iterator[Fault]:
    """The faults of one licence's purchases, or of all and of money that is nobody's yet."""
    for check in CHECKS:
        yield from check.run(session, license_id)


# Each order with what came for it, what of that went back, both in its own currency, and the units that stand for it:
# what was paid too much may go back without any.
_MONEY = """
    (select s.*, case when status <> 'fulfilled' or returned <= surplus then 0
                      when returned - surplus >= total then quantity
                      else quantity * (returned - surplus) / total end as owed
       from (select o.*, coalesce(m.paid, 0) as paid, coalesce(m.returned, 0) as returned,
                    case when m.paid > o.total then m.paid - o.total else 0 end as surplus
               from orders o
               left join (select p.order_id, p.currency, cast(sum(p.amount) as bigint) as paid,
                                 cast(sum(case when p.refunded + p.lost < p.amount then p.refunded + p.lost
                                               else p.amount end) as bigint) as returned
                            from payments p where p.status = 'paid' group by p.order_id, p.currency) m
                 on m.order_id = o.id and m.currency = o.currency) s)
"""

_FULFILLED = Check(
    "order",
    (("order_purchase", "what the books bought for it"),),
    """
    select o.license_id, o.number,
           b.kind || ' of ' || b.total || ' ' || b.resource || ' for ' || coalesce(b.request_key, 'no order'),
           'purchase of ' || o.quantity || ' ' || o.resource || ' for order:' || o.id
      from orders o
      left join batches b on b.license_id = o.license_id and b.id = o.purchase_batch_id
     where {o} and (o.status = 'fulfilled' or o.purchase_batch_id is not null)
    """,
)

_PURCHASES = Check(
    "batch",
    (("purchase_order", "number of its orders"), ("purchase_number", "reference")),
    """
    select b.license_id, b.id, count(distinct o.id), 1, min(t.reference), coalesce(min(o.number), 'an order''s number')
      from batches b
      left join orders o on o.license_id = b.license_id and o.purchase_batch_id = b.id and o.status = 'fulfilled'
      left join transfers t on t.license_id = b.license_id and t.batch_id = b.id
     where {b} and b.kind = 'purchase'
     group by b.license_id, b.id
    """,
)

_REFUNDED = Check(
    "order",
    (("order_refunded", "refunded_units, after its refunds,"),),
    """
    select o.license_id, o.number, o.refunded_units, coalesce(t.units, 0)
      from orders o
      left join (select license_id, resource, reference, sum(amount) as units
                   from transfers t where {t} and kind = 'refund' group by license_id, resource, reference) t
        on t.license_id = o.license_id and t.resource = o.resource and t.reference = o.number
     where {o} and o.refunded_units <> coalesce(t.units, 0)
    """,
)

_REFUNDS = Check(
    "transfer",
    (("refund_order", "reference"),),
    """
    select t.license_id, t.id, t.reference, 'the number of a fulfilled order of this license'
      from transfers t
      left join orders o on o.license_id = t.license_id and o.resource = t.resource and o.number = t.reference
     where {t} and t.kind = 'refund' and (o.id is null or o.status <> 'fulfilled')
    """,
)

# Between the two bounds lies what was taken back before a second payment came: nothing brings units back by itself.
_RETURNED = Check(
    "order",
    (("order_returned", "refunded and missing units together, after its payments,"),),
    """
    select license_id, number, found,
           case when owed = at_most then '' || owed else 'from ' || owed || ' to ' || at_most end
      from (select o.*, o.refunded_units + o.shortfall_units as found,
                   case when o.status <> 'fulfilled' then 0
                        when returned >= total then quantity else quantity * returned / total end as at_most
              from {money} o where {o}) r
     where found < owed or found > at_most
    """.replace("{money}", _MONEY),
)

_PAID = Check(
    "order",
    (("order_unpaid", "what was paid by card"), ("order_uncredited", "paid in full, its status")),
    """
    select o.license_id, o.number,
           o.paid, case when o.method = 'card' and o.status = 'fulfilled' and o.paid < o.total
                        then 'at least ' || o.total end,
           o.status, case when o.status in ('placed', 'expired', 'refused') and o.placed_at is not null
                           and o.paid >= o.total then 'fulfilled' end
      from {money} o
     where {o}
    """.replace("{money}", _MONEY),
)

# A draft may have been priced anew since its money came: then the entry names another sum.
_LISTED = Check(
    "order",
    (("order_unlisted", "entry in the list of problems"),),
    """
    select o.license_id, o.number, null, o.code
      from (select m.*, 'paid_after_cancel' as code, id || ':' || paid as subject from {money} m
             where paid >= total and (status = 'cancelled' or placed_at is null)
            union all
            select m.*, 'partial', id || ':' || paid from {money} m where paid between 1 and total - 1
            union all
            select m.*, 'overpaid', id || ':' || paid from {money} m where paid > total
            union all
            select m.*, 'paid_after_refund', id || ':' || (refunded_units + shortfall_units - owed) from {money} m
             where paid > total and refunded_units + shortfall_units > owed
            union all
            select m.*, 'refund_shortfall', id || ':' || shortfall_units from {money} m where shortfall_units > 0) o
      left join payment_problems p
        on (p.code = o.code and p.subject = o.subject) or (o.status = 'draft' and p.order_id = o.id)
     where {o} and p.id is null
    """.replace("{money}", _MONEY),
)

_AMOUNTS = Check(
    "order",
    (("order_total", "total"), ("order_tax", "tax"), ("order_exemption", "certificate")),
    """
    select o.license_id, o.number, o.total, o.goods + o.tax,
           o.tax, case when o.tax_exempt then 0 else (o.goods * o.tax_rate + 5000) / 10000 end,
           o.certificate_id, case when o.tax_exempt and c.id is null then 'one of this license, for no tax' end
      from orders o
      left join certificates c on c.license_id = o.license_id and c.id = o.certificate_id
     where {o}
    """,
)

_TIMES = Check(
    "order",
    (("order_times", "status"),),
    """
    select o.license_id, o.number, o.status, 'one that its times and its method allow'
      from orders o
     where {o} and (
           (o.status = 'draft' and o.placed_at is not null)
        or (o.status in ('placed', 'fulfilled', 'refused') and (o.placed_at is null or o.method is null))
        or (o.status = 'fulfilled') <> (o.fulfilled_at is not null)
        or (o.status in ('cancelled', 'expired', 'refused')) <> (o.closed_at is not null)
        or (o.closed_at is null) <> (o.closed_by is null))
    """,
)

_NUMBERS = Check(
    "order",
    (("order_number", "orders with this number"),),
    """
    select o.license_id, o.number, n.orders, 1
      from orders o
      join (select upper(number) as number, count(*) as orders from orders group by upper(number)) n
        on n.number = upper(o.number)
     where {o} and n.orders > 1
    """,
)

_EVENTS = Check(
    "event",
    (("event_order", "order"),),
    """
    select o.license_id, e.provider || ' ' || e.event_id, e.order_id, 'the one that it was applied to'
      from payment_events e
      left join orders o on o.id = e.order_id
     where {o} and e.outcome = 'applied' and o.id is null
    """,
)

_UNMATCHED = Check(
    "payment",
    (("payment_unlisted", "entry in the list of problems"),),
    """
    select p.license_id, p.provider || ' ' || p.reference, null, 'one for money of which nobody knows what it is for'
      from (select p.*, o.license_id
              from payments p left join orders o on o.id = p.order_id
             where p.status = 'paid' and (o.id is null or o.currency <> p.currency)) p
     where {p} and not exists (select 1 from payment_problems l where l.payment_id = p.id)
    """,
)

CHECKS = (
    _FULFILLED,
    _PURCHASES,
    _REFUNDED,
    _REFUNDS,
    _RETURNED,
    _PAID,
    _LISTED,
    _AMOUNTS,
    _TIMES,
    _NUMBERS,
    _EVENTS,
    _UNMATCHED,
)
