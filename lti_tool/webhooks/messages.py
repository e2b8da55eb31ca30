"""What receivers read: one JSON document an event, the same at each attempt, with ids and never anybody's name."""

import json
from dataclasses import dataclass
from datetime import datetime

from lti_tool.ledger.events import ALLOTTED


@dataclass(frozen=True)
class Message:
    """An event on its way to an endpoint, and what it says."""

    license_id: str
    endpoint_id: str
    event_id: str
    kind: str
    data: str
    at: datetime

    def body(self, public_url: str) -> bytes:
        """The document, in which the tool's origin begins the addresses."""
        data = json.loads(self.data)
        if self.kind == ALLOTTED:
            after = data.pop("others_after")
            rest = f"{public_url}/api/v1/licenses/{self.license_id}/transfers?after={after}"
            data["others"] = None if after is None else rest
        at = self.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return json.dumps({"type": self.kind, "timestamp": at, "data": data}, separators=(",", ":")).encode()
