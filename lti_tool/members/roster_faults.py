"""Why a roster was not read, in words for a teacher or operator: what happened, and who can mend it how."""

_WHY = {
    "no_url": "The LMS has not offered this course's roster yet. Open Creditroll from inside the course once; if that"
    " does not help, an administrator must switch on Names and Roles for it.",
    "no_license": "This course does not belong to a license yet.",
    "platform_off": "This LMS is waiting for approval, or was switched off.",
    "not_found": "The LMS does not know this course's roster any more. Open Creditroll from inside the course once.",
    "token_refused": "The LMS refused us: it could not read our keys, or does not accept this registration any more."
    " An administrator should check the registration.",
    "forbidden": "The LMS keeps the roster back. An administrator must switch on Names and Roles for this tool.",
    "refused": "The LMS did not understand the question. An administrator should check the registration.",
    "throttled": "The LMS asked us to slow down and has not let us finish. Try again in some minutes.",
    "timeout": "The LMS took too long to answer. Try again later.",
    "unreachable": "The LMS could not be reached, or broke off in the middle. Try again later.",
    "unavailable": "The LMS has a fault of its own at the moment. Try again later.",
    "private_address": "The LMS is on a private network; the operator must allow its host"
    " (CREDITROLL_ALLOW_PRIVATE_HOSTS).",
    "incomplete": "The LMS sent a roster that cannot be read to its end.",
    "too_large": "The LMS sent more than a roster can hold.",
    "loop": "The LMS's pages of the roster never end.",
    "foreign_link": "The LMS's roster goes on at another site, where our access must not be sent.",
    "internal_error": "Something went wrong on our side, and it has been written down. Try again later.",
    "interrupted": "The reading was interrupted several times. Try again.",
    "queued": "The reading is waiting for its turn.",
    "reading": "The roster is being read by another process.",
}


def why(code: str, *, dropped: int = 0) -> str:
    """One or two sentences for the code of a reading that did not succeed; nobody was dropped by it."""
    if code == "to_confirm":
        return (
            f"The LMS's roster lacks {dropped:,} people of this course, more than half. Nothing was changed:"
            " a teacher must confirm it on the page Manage Members."
        )
    return _WHY.get(code, "The roster could not be read.")
