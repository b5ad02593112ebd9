"""HTTP signatures as the fediverse writes them: draft-cavage-http-signatures-12.

Everything here works on text; which parts must be covered, and when, is decided in `check`.
"""

import re
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from federation.signatures import clock, digests, keys
from federation.signatures.messages import Request
from federation.signatures.refusals import (
    AlgorithmRefused,
    BadSignature,
    CoverageTooSmall,
    DigestRefused,
    HeaderRepeated,
    SignatureMalformed,
    SignatureMissing,
)
from federation.signatures.structured import decode_base64

REQUEST_TARGET = "(request-target)"
CREATED = "(created)"
EXPIRES = "(expires)"
POST_HEADERS = (REQUEST_TARGET, "host", "date", "digest", "content-type")
GET_HEADERS = (REQUEST_TARGET, "host", "date", "accept")
_ALGORITHMS = frozenset({None, "hs2019", "rsa-sha256", "rsa-sha512", "ed25519"})
_PARAMETER = re.compile(r'\s*([A-Za-z][A-Za-z0-9_-]*)\s*=\s*(?:"([^"\\]*)"|([0-9]{1,15}))\s*(?:,|$)')
_LONGEST = 8192


class CavageSignature(Struct, frozen=True):
    """What a Signature header says."""

    key_id: str
    headers: tuple[str, ...]
    signature: bytes
    algorithm: str | None = None
    created: int | None = None
    expires: int | None = None


def is_present(request: Request) -> bool:
    """Whether one of the two headers holds a signature of this form (SIG-8)."""
    value = request.field("signature")
    if value is not None:
        return "keyid" in value.lower()
    return (request.field("authorization") or "").lower().startswith("signature ")


def parse(request: Request) -> CavageSignature:
    """Read the request's `Signature` header, or `Authorization: Signature` (SIG-8).

    Raises:
        SignatureMissing: there is none.
        HeaderRepeated: both headers carry one.
        SignatureMalformed: it cannot be read.
        AlgorithmRefused: it names an algorithm we do not know.
    """
    value = request.field("signature")
    authorization = request.field("authorization") or ""
    if authorization.lower().startswith("signature "):
        if value is not None:
            raise HeaderRepeated(header="authorization")
        value = authorization[len("signature ") :]
    if value is None:
        raise SignatureMissing
    return parse_value(value)


def parse_parameters(value: str) -> dict[str, str]:
    """Comma-separated `name="text"` or `name=integer`, in any order, names as sent.

    Raises:
        SignatureMalformed: anything else, or a name twice.
    """
    if len(value) > _LONGEST:
        raise SignatureMalformed(reason="too_long", length=len(value))
    params: dict[str, str] = {}
    at = 0
    while at < len(value):
        match = _PARAMETER.match(value, at)
        if match is None:
            raise SignatureMalformed(reason="syntax", position=at)
        if match[1] in params:
            raise SignatureMalformed(reason="repeated", parameter=match[1])
        params[match[1]] = match[3] if match[2] is None else match[2]
        at = match.end()
    return params


def parse_value(value: str) -> CavageSignature:
    """Read the text of a signature header.

    Raises:
        SignatureMalformed: syntax, a missing or repeated parameter.
        AlgorithmRefused: an algorithm we do not know.
    """
    params = parse_parameters(value)
    if not params.get("keyId") or not params.get("signature"):
        raise SignatureMalformed(reason="required_parameter")
    algorithm = params["algorithm"].lower() if "algorithm" in params else None
    if algorithm not in _ALGORITHMS:
        raise AlgorithmRefused(algorithm=algorithm)
    default = CREATED if algorithm == "hs2019" else "date"  # draft §2.1.6
    names = tuple(params.get("headers", default).lower().split())
    if not names or len(set(names)) != len(names):
        raise SignatureMalformed(reason="headers")
    if (CREATED in names or EXPIRES in names) and algorithm not in (None, "hs2019"):  # draft §2.3
        raise SignatureMalformed(reason="created_with_algorithm", algorithm=algorithm)
    return CavageSignature(
        key_id=params["keyId"],
        headers=names,
        signature=decode_base64(params["signature"]),
        algorithm=algorithm,
        created=_integer(params, "created"),
        expires=_integer(params, "expires"),
    )


def _integer(params: dict[str, str], name: str) -> int | None:
    text = params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise SignatureMalformed(reason="not_an_integer", parameter=name)
    return int(text)


def signing_string(signature: CavageSignature, request: Request, *, with_query: bool = True) -> str:
    """The text that is signed (SIG-2, draft §2.3).

    Raises:
        SignatureMalformed: the header list names something the request does not have.
    """
    lines: list[str] = []
    for name in signature.headers:
        value: object
        if name == REQUEST_TARGET:
            value = f"{request.method.lower()} {request.parts.request_target(with_query=with_query)}"
        elif name == CREATED:
            value = signature.created
        elif name == EXPIRES:
            value = signature.expires
        else:
            value = request.field(name)
        if value is None:
            raise SignatureMalformed(reason="named_without_value", name=name)
        lines.append(f"{name}: {value}")
    return "\n".join(lines)


def check(
    signature: CavageSignature, request: Request, *, now: datetime, max_age: timedelta, max_future: timedelta
) -> datetime:
    """Everything about the signature that needs no key (SIG-10, SIG-12, SIG-13); returns until when it is good.

    Raises:
        CoverageTooSmall, DigestRefused, TimeRefused, SignatureMalformed: what their names say.
    """
    covered = set(signature.headers)
    is_read = request.method in ("GET", "HEAD")
    required = {REQUEST_TARGET, "host"} if is_read else {REQUEST_TARGET, "host", "digest"}
    digest = request.field("digest")
    if not is_read and digest is None:
        raise DigestRefused(reason="missing")
    if missing := required - covered:
        raise CoverageTooSmall(missing=sorted(missing))
    if covered.isdisjoint({"date", CREATED}):
        raise CoverageTooSmall(missing=["date"])
    signing_string(signature, request)  # a listed name without a value is refused before any key is fetched
    moments = []
    if "date" in covered:
        moments.append(clock.parse_http_date(request.field("date") or ""))
    if signature.created is not None:
        moments.append(clock.parse_unix_time(signature.created))
    until = clock.good_until(moments, signature.expires, now=now, max_age=max_age, max_future=max_future)
    if digest is not None:
        digests.check_digest(digest, request.body)
    return until


def verify(signature: CavageSignature, request: Request, key: keys.PublicKey, *, with_query: bool = True) -> None:
    """Verify over the signing string; the key's kind decides the algorithm (SIG-9, R-04).

    Raises:
        AlgorithmRefused: the named algorithm or the key cannot be used here.
        BadSignature: the signature is not of this key and this request.
    """
    data = signing_string(signature, request, with_query=with_query).encode("utf-8", "surrogateescape")
    if isinstance(key, Ed25519PublicKey):
        keys.verify_ed25519(key, signature.signature, data)
    elif isinstance(key, RSAPublicKey) and signature.algorithm != "ed25519":
        try:
            keys.verify_rsa_pkcs1(key, signature.signature, data)
        except BadSignature:
            if signature.algorithm not in ("rsa-sha512", "hs2019"):
                raise
            keys.verify_rsa_pkcs1(key, signature.signature, data, sha512=True)
    else:
        raise AlgorithmRefused(algorithm=signature.algorithm, key=type(key).__name__)
