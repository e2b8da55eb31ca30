"""What one running stand-in is made of, and how its pages find it."""

from dataclasses import dataclass

from flask import current_app

from lti_tool.demo.gateway.answers import Answers
from lti_tool.demo.gateway.config import GatewayConfig
from lti_tool.demo.gateway.courier import Courier
from lti_tool.demo.gateway.till import Till

_KEY = "creditroll.gateway"


@dataclass(frozen=True)
class Desk:
    """All state, in memory."""

    config: GatewayConfig
    courier: Courier
    till: Till
    answers: Answers

    def tick(self) -> None:
        """What time brings: sessions run out, and webhooks that were not taken are tried again."""
        self.till.expire_overdue()
        self.courier.retry_due()


def open_desk(config: GatewayConfig) -> dict[str, Desk]:
    """As an extension of a Flask application."""
    courier = Courier(config)
    return {_KEY: Desk(config, courier, Till(config, courier), Answers())}


def this_desk() -> Desk:
    """Of the application that answers now."""
    found: Desk = current_app.extensions[_KEY]
    return found
