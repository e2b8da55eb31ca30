"""Add Credits: the check-out's steps, and the page of an order; an order is a row from its first step on."""

from flask import Blueprint

from lti_tool.web.manager.purchase import calling_off, order, payment, quantity, review


def routes(blueprint: Blueprint) -> None:
    """Adds the steps in their order, and the order's page."""
    for step in (quantity, payment, review, order, calling_off):
        step.routes(blueprint)
