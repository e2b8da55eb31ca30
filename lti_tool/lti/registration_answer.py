"""What an LMS answers to a registration: a client id and what it gave, or why not."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lti_tool.language import _
from lti_tool.lti.invitations import Invitation
from lti_tool.lti.platform_configuration import Text
from lti_tool.lti.registration_refusals import AnswerUnreadable, RegistrationRefused
from lti_tool.outbound import Answer

_LONGEST_ID = 255
_LONGEST_WORDS = 200


@dataclass(frozen=True)
class Granted:
    """What the LMS answered: by which client it knows us, and what it gave."""

    client_id: str
    deployment_id: str | None
    scopes: frozenset[str]


def json_of(answer: Answer, refusal: type[RegistrationRefused]) -> object:
    """The answer's document. Raises the refusal if it is none."""
    try:
        return answer.json()
    except (ValueError, RecursionError) as error:
        raise refusal(_("It is not JSON.")) from error


def words(answer: Answer, invitation: Invitation) -> str:
    """What the LMS said, where it is a short text and tells nothing that is secret."""
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        told = answer.body.decode("utf-8", "replace")
    if isinstance(told, dict):  # OAuth's errors (RFC 7591 3.2.2); Moodle sends a bare text
        told = told.get("error_description") or told.get("error") or told.get("message")
    short = told.strip() if isinstance(told, str) else ""
    is_shown = 0 < len(short) <= _LONGEST_WORDS and short.isprintable() and not short.startswith("<")
    if not is_shown or (invitation.token is not None and invitation.token in short):
        return f"It answered {answer.status}."
    return f"It answered {answer.status}: “{short}”."


def _id(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not 0 < len(text) <= _LONGEST_ID or not text.isprintable():
        raise ValueError("no id")
    return text


_Id = Annotated[str, BeforeValidator(_id)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)

    deployment_id: _Id | None = None


class _Answer(_Part):
    client_id: _Id
    scope: Text | list[Text] | None = None
    tool: _Part | None = Field(default=None, alias="https://purl.imsglobal.org/spec/lti-tool-configuration")


def granted(document: object, *, asked: str) -> Granted:
    """What the document says, of what was asked for (scopes with spaces between). Raises AnswerUnreadable."""
    try:
        told = _Answer.model_validate(document)
    except ValidationError as error:
        raise AnswerUnreadable() from error
    listed = told.scope.split() if isinstance(told.scope, str) else told.scope
    # Moodle and Canvas say what they granted; an LMS that does not is taken at its word to what we asked.
    scopes = frozenset(asked.split() if listed is None else listed) & frozenset(asked.split())
    deployment_id = (told.tool and told.tool.deployment_id) or told.deployment_id
    return Granted(client_id=told.client_id, deployment_id=deployment_id, scopes=scopes)
