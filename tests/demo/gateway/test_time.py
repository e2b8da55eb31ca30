"""In the demo nobody moves the stand-in's clock: what time brings happens by itself."""

from flask import Flask

from lti_tool.demo.gateway.app import GatewayConfig, at_work, create_gateway, made_up_keys
from tests.cli.test_serve import until
from tests.demo.gateway.conftest import Tool, sdk, wanted
from tests.demo_lms import running, serving
from tests.gateway import Gateway


def test_what_the_tool_did_not_take_is_sent_again_by_itself() -> None:
    tool = Tool()
    secret_key, tool.secret = made_up_keys()
    tool.answers = [500]
    with running(tool.app(), host="127.0.0.1") as tool_url, serving("localhost") as server:
        app = paying(server.url, tool_url, secret_key, tool.secret)
        server.show(app)
        gateway = Gateway(server.url, secret_key, tool.secret)
        opened = sdk(gateway).v1.checkout.sessions.create(params=wanted())
        with at_work(app):
            gateway.pay(opened.id)
            until(lambda: len(tool.heard) == 2, within_s=20)


def paying(url: str, tool_url: str, secret_key: str, webhook_secret: str) -> Flask:
    """A stand-in that tries again at once."""
    config = GatewayConfig(
        url=url,
        webhook_url=f"{tool_url}/webhooks/stripe",
        secret_key=secret_key,
        webhook_secret=webhook_secret,
        control=True,
        waits_s=(0,),
    )
    return create_gateway(config)
