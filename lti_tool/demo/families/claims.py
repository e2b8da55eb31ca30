"""The claims that LTI 1.3 asks for, in the plainest form; a family adds what is its own."""

from typing import Any

from lti_tool.demo.families.family import Launch

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
_MOST_HISTORY = 1000


def plain(launch: Launch, *, product: str, context_type: str) -> dict[str, Any]:
    """Every claim of an LtiResourceLinkRequest; a person's names only where known and shared."""
    course, link = launch.course, launch.link
    return {
        **core(launch),
        f"{CLAIM}context": {
            "id": course.context_id,
            "label": course.label,
            "title": course.title,
            "type": [context_type],
        },
        f"{CLAIM}resource_link": {"id": link.id, "title": link.title, "description": link.description or ""},
        f"{CLAIM}tool_platform": {
            "guid": f"{product}.lincoln.example",
            "name": launch.school,
            "product_family_code": product,
        },
        f"{CLAIM}launch_presentation": {
            "document_target": "iframe",
            "return_url": course_url(launch),
            "locale": launch.person.locale,
        },
        f"{CLAIM}custom": custom(launch),
        **names_and_roles(launch),
        **about(launch),
    }


def core(launch: Launch) -> dict[str, Any]:
    """Who says what to whom."""
    return {
        "iss": launch.issuer,
        "aud": launch.tool.client_id,
        "sub": launch.person.sub,
        "iat": launch.now_s,
        "exp": launch.now_s + launch.life_s,
        "nonce": launch.nonce,
        f"{CLAIM}message_type": "LtiResourceLinkRequest",
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": launch.deployment_id,
        f"{CLAIM}target_link_uri": launch.link.url or launch.tool.launch_url,
        f"{CLAIM}roles": list(launch.roles),
    }


def about(launch: Launch) -> dict[str, str]:
    """What the LMS tells of a person; what it does not know is left out, not empty."""
    person, tool = launch.person, launch.tool
    names = {"name": person.name, "given_name": person.given, "family_name": person.family}
    known = {**(names if tool.shares_names else {}), "email": person.email if tool.shares_emails else ""}
    return {claim: value for claim, value in known.items() if value}


def names_and_roles(launch: Launch, versions: tuple[str, ...] = ("2.0",)) -> dict[str, Any]:
    """Where the roster is, for a tool that may read it."""
    if not launch.memberships_url:
        return {}
    return {NRPS: {"context_memberships_url": launch.memberships_url, "service_versions": list(versions)}}


def custom(launch: Launch, *, most_history: int = _MOST_HISTORY, **extra: str) -> dict[str, str]:
    """The registration's parameters and the link's own; a variable that nobody knows stays as it is."""
    known = {
        "$Context.id.history": ",".join(launch.course.history[:most_history]),
        "$User.id": launch.person.sub,
        "$Person.sourcedId": launch.person.sis_id or "$Person.sourcedId",
        **{f"${name}": value for name, value in extra.items()},
    }
    asked = {**launch.tool.custom, **dict(launch.link.custom)}
    return {name: known.get(value, value) for name, value in asked.items()}


def course_url(launch: Launch) -> str:
    """The course's page for that person."""
    return f"{launch.lms_url}/courses/{launch.course.key}/as/{launch.person.key}"
