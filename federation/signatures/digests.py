"""Binds a body to its signature: the Digest header (RFC 3230) and Content-Digest (RFC 9530).

Of the digests that a sender lists, every one with SHA-256 or SHA-512 must match and at least one must be there; the
others (MD5, SHA-1, checksums) prove nothing and are passed over.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable

from federation.signatures import structured
from federation.signatures.refusals import DigestRefused, SignatureMalformed

_SUPPORTED: dict[str, Callable[[bytes], bytes]] = {
    "sha-256": lambda body: hashlib.sha256(body).digest(),
    "sha-512": lambda body: hashlib.sha512(body).digest(),
}


def sha256_base64(body: bytes) -> str:
    """The one hash of a body that both header forms contain; compute it once for a fan-out."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def digest_header(sha256: str) -> str:
    """Value of `Digest` for a body with this `sha256_base64` (SIG-3)."""
    return f"SHA-256={sha256}"


def content_digest_header(sha256: str) -> str:
    """Value of `Content-Digest` for a body with this `sha256_base64` (RFC 9530 §2)."""
    return f"sha-256=:{sha256}:"


def check_digest(value: str, body: bytes) -> None:
    """Compare a `Digest` header with the bytes that were read (SIG-13).

    Raises:
        DigestRefused: no supported digest, one that does not match, or two for one algorithm.
    """
    listed: list[tuple[str, bytes]] = []
    for entry in value.split(","):
        name, equals, encoded = entry.strip().partition("=")
        if not equals:
            raise DigestRefused(reason="malformed")
        algorithm = name.strip().lower()
        if algorithm in _SUPPORTED:
            try:
                listed.append((algorithm, structured.decode_base64(encoded.strip())))
            except SignatureMalformed:
                raise DigestRefused(reason="malformed", algorithm=algorithm) from None
    _check(listed, body)


def check_content_digest(value: str, body: bytes) -> None:
    """Compare a `Content-Digest` header with the bytes that were read (SIG-19).

    Raises:
        DigestRefused: no supported digest, one that does not match, or text that is not a dictionary of byte strings.
    """
    try:
        members = structured.parse_dictionary(value)
    except SignatureMalformed:
        raise DigestRefused(reason="malformed") from None
    listed: list[tuple[str, bytes]] = []
    for algorithm, member in members.items():
        if algorithm not in _SUPPORTED:
            continue
        if not isinstance(member, structured.Item) or not isinstance(member.value, bytes):
            raise DigestRefused(reason="malformed", algorithm=algorithm)
        listed.append((algorithm, member.value))
    _check(listed, body)


def _check(listed: Iterable[tuple[str, bytes]], body: bytes) -> None:
    seen: set[str] = set()
    for algorithm, claimed in listed:
        if algorithm in seen:  # exactly one value
            raise DigestRefused(reason="repeated", algorithm=algorithm)
        seen.add(algorithm)
        if not hmac.compare_digest(claimed, _SUPPORTED[algorithm](body)):
            raise DigestRefused(reason="mismatch", algorithm=algorithm)
    if not seen:
        raise DigestRefused(reason="unsupported")
