"""Whom we talk with and whom we believe: admission before any fetch, keys, and who stands behind a request."""

from federation.known import KnownKey
from federation.trust.actors import FRESH_FOR, actor_at, fetch_actor, keep_actor
from federation.trust.admission import Looked, NotAdmitted, TooManyFetches, admit, fetch, is_own
from federation.trust.introductions import Known, NotIntroduced, author_through, is_stranger
from federation.trust.keys import KeyUnavailable, TooManyKeys, key_for, standing
from federation.trust.looking import look
from federation.trust.proven import is_proven
from federation.trust.requests import (
    ACCEPT_SIGNATURE,
    challenge,
    guest,
    parse,
    prove,
    received_request,
    recognise,
    viewer,
)

__all__ = [
    "ACCEPT_SIGNATURE",
    "FRESH_FOR",
    "KeyUnavailable",
    "Known",
    "KnownKey",
    "Looked",
    "NotAdmitted",
    "NotIntroduced",
    "TooManyFetches",
    "TooManyKeys",
    "actor_at",
    "admit",
    "author_through",
    "challenge",
    "fetch",
    "fetch_actor",
    "guest",
    "is_own",
    "is_proven",
    "is_stranger",
    "keep_actor",
    "key_for",
    "look",
    "parse",
    "prove",
    "received_request",
    "recognise",
    "standing",
    "viewer",
]
