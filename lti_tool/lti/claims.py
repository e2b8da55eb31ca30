"""What a verified id_token says, parsed once into plain values; nothing inside the house reads a raw claim."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ContextClaim:
    """The course, as the LMS names it (LTI Core 1.3 #context-claim)."""

    id: str
    label: str | None
    title: str | None


@dataclass(frozen=True)
class LaunchClaims:
    """One launch's claims; texts that are missing, empty or unresolved (`$Variable`) are None."""

    message_type: str
    deployment_id: str
    target_link_uri: str
    subject: str | None
    roles: tuple[str, ...]
    context: ContextClaim | None
    resource_link_id: str | None
    name: str | None
    email: str | None
    locale: str | None
    return_url: str | None
    memberships_url: str | None
    mentored: tuple[str, ...]
    """Subjects of the students whom an observer mentors (`role_scope_mentor`)."""
