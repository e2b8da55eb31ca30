"""What the settings leave off or open: the setting's name, and what follows, in a sentence; never a secret."""

from dataclasses import dataclass

from lti_tool.language import _
from lti_tool.settings import Settings


@dataclass(frozen=True)
class Switch:
    """One setting, and what it means as it stands."""

    setting: str
    means: str


def switches(settings: Settings) -> list[Switch]:
    """Those that an operator should know of."""
    found = [
        (not settings.takes_cards, "stripe_secret_key", _("Nobody can pay by card.")),
        (settings.registration == "closed", "registration", _("No LMS can register itself.")),
        (
            settings.registration == "open",
            "registration",
            _("Any LMS that registers itself is admitted, without you."),
        ),
        (
            settings.provisioning == "trial",
            "provisioning",
            _("Teachers whose course has no license get a trial license by themselves."),
        ),
        (not settings.export_hosts, "export_hosts", _("Managers may name an exporting service on any public host.")),
        (settings.launch_rate_limit == "off", "launch_rate_limit", _("Launches are not limited.")),
        (settings.api_rate_limit == "off", "api_rate_limit", _("Calls of programs are not limited.")),
        (
            bool(settings.allow_private_hosts),
            "allow_private_hosts",
            _("Some hosts inside the network may be called, and without encryption."),
        ),
        (settings.trusted_proxies == 0, "trusted_proxies", _("No proxy is trusted to say who calls.")),
    ]
    return [Switch(setting, means) for applies, setting, means in found if applies]
