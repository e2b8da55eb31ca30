"""The certification suite of 1EdTech for LTI 1.3 tools, as a list: each case has its test (tests/house holds that)."""

BAD_PAYLOADS = {
    "B1": "no kid in the header",
    "B2": "a kid that is not in the key set",
    "B3": "another version",
    "B4": "no version",
    "B5": "no LTI message at all",
    "B6": "several claims missing",
    "B7": "time stamps of long ago",
    "B8": "no message_type",
    "B9": "no roles",
    "B10": "no deployment_id",
    "B11": "no resource_link",
    "B12": "an empty sub",
}

TEACHER_LAUNCHES = {
    "T1": "a teacher",
    "T2": "several roles",
    "T3": "the role's short name",
    "T4": "an unknown role",
    "T5": "no role",
    "T6": "only an e-mail address",
    "T7": "only names",
    "T8": "no personal data",
    "T9": "an e-mail address, no context",
}

STUDENT_LAUNCHES = {
    "S1": "a student",
    "S2": "several roles",
    "S3": "the role's short name",
    "S4": "an unknown role beside Learner",
    "S5": "no role",
    "S6": "only an e-mail address",
    "S7": "only names",
    "S8": "no personal data",
    "S9": "an e-mail address, no context",
    "S10": "only the resource link",
}

NAMES_AND_ROLES = {
    "N1": "the roster of a launch is asked for",
    "N2": "Accept and Authorization are as the service asks",
    "N3": "the token came from the platform, for an assertion that our key signed",
    "N4": "the token's scope holds contextmembership.readonly",
}

DEEP_LINKING = {
    "D1": "the request is answered with a page to choose from",
    "D2": "the response comes to the return address",
    "D3": "it is an LtiDeepLinkingResponse",
    "D4": "its time stamps are valid",
    "D5": "its signature is valid, by a key of our set",
    "D6": "its claims are all there",
    "D7": "its values match the request",
    "D8": "the link that was passed launches",
}

SECURITY = {
    "R1": "alg none",
    "R2": "HS256 with the public key as its secret",
    "R3": "a flipped signature",
    "R4": "another platform's key",
    "R5": "a wrong audience",
    "R6": "several audiences without us",
    "R7": "azp of another beside several audiences",
    "R8": "another issuer",
    "R9": "no nonce",
    "R10": "an unknown nonce",
    "R11": "a used nonce",
    "R12": "no state",
    "R13": "an unknown state",
    "R14": "a used state",
    "R15": "a state of another browser",
    "R16": "exp in the past",
    "R17": "iat far in the future",
    "R18": "iat of too long ago",
    "R19": "nbf in the future",
    "R20": "an unknown deployment",
    "R21": "a token of two parts",
    "R22": "a huge token",
    "R23": "two states",
}
"""The Security Framework's own refusals, beyond the suite's twelve."""

TRAPS = (
    "case_sensitive_next",
    "the_51st_canvas_member",
    "moodle_page_2_without_role",
    "schoology_refuses_rlid",
    "schoology_aud_array",
    "canvas_deployment_id_at_login",
    "token_request_without_user_agent",
    "rotated_kid",
    "jwks_503_with_json",
    "two_tenants_on_one_issuer",
    "two_iframes_at_once",
    "iat_five_seconds_ahead",
    "roster_row_with_mentor_only",
    "teacher_and_ta",
    "learner_with_institution_administrator",
    "test_user",
    "no_context",
    "unresolved_custom_value",
    "integer_sub",
    "oidc_error_post",
    "replay_after_11_seconds_and_after_10_minutes",
    "roster_that_loses_90_percent",
    "proxy_without_x_forwarded_proto",
    "roster_row_without_status_or_roles",
)
"""What real LMSs do and tools trip over (lti-research 6)."""

CASES = BAD_PAYLOADS | TEACHER_LAUNCHES | STUDENT_LAUNCHES | NAMES_AND_ROLES | DEEP_LINKING | SECURITY
