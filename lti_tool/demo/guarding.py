"""What every page of the demo's applications is sent with, and how some of them refuse other machines."""

from flask import Response, abort, request

from lti_tool.demo.gateway.config import is_this_machine


def refuse_other_machines(who: str) -> None:
    """Aborts with 403 unless a browser or program of this machine calls, on whatever address `who` is served."""
    if not is_this_machine(request.remote_addr or ""):
        abort(403, f"{who} answers this machine only.")


def guard(response: Response, policy: str) -> Response:
    """Adds the Content-Security-Policy, and that nothing is guessed, told to other sites, or kept."""
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"  # an address may be as good as what it shows
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
