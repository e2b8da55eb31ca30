"""How licences get more credits: the catalogue, orders, payments, and the one place that turns money into units."""
