"""HTTP Message Signatures (RFC 9421): reading, the signature base, and what we demand to be covered.

Component parameters other than `name` of @query-param (`sf`, `key`, `bs`, `tr`, `req`) are refused: nobody in the
network signs with them, and a wrong reading of one would be a hole.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote

from msgspec import Struct

from federation.signatures import clock, digests
from federation.signatures.messages import Request
from federation.signatures.refusals import (
    AlgorithmRefused,
    CoverageTooSmall,
    DigestRefused,
    SignatureMalformed,
    SignatureMissing,
    SignatureRefused,
    TimeRefused,
)
from federation.signatures.structured import InnerList, Item, parse_dictionary, serialize

ALGORITHMS = frozenset({"rsa-v1_5-sha256", "rsa-pss-sha512", "ecdsa-p256-sha256", "ed25519"})
POST_COMPONENTS = ("@method", "@target-uri", "@authority", "content-digest", "content-type")
GET_COMPONENTS = ("@method", "@target-uri", "@authority")
MAX_LABELS = 8


class MessageSignature(Struct, frozen=True):
    """One labelled signature of a request: what it covers, its parameters, its bytes."""

    label: str
    covered: InnerList
    signature: bytes

    @property
    def components(self) -> tuple[str, ...]:
        """The names of the covered components, without their parameters."""
        return tuple(str(item.value) for item in self.covered.items)

    @property
    def key_id(self) -> str:
        return _text(self.covered, "keyid") or ""

    @property
    def algorithm(self) -> str | None:
        return _text(self.covered, "alg")

    @property
    def nonce(self) -> str | None:
        return _text(self.covered, "nonce")

    @property
    def created(self) -> int | None:
        return _moment(self.covered, "created")

    @property
    def expires(self) -> int | None:
        return _moment(self.covered, "expires")


def _text(covered: InnerList, name: str) -> str | None:
    value = covered.params.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise SignatureMalformed(reason="parameter_type", parameter=name)
    return value


def _moment(covered: InnerList, name: str) -> int | None:
    value = covered.params.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise SignatureMalformed(reason="parameter_type", parameter=name)
    return value


def parse(request: Request) -> Iterator[MessageSignature]:
    """The request's signatures in the order of `Signature-Input`.

    Raises:
        SignatureMissing: one of the two headers is not there.
        SignatureMalformed: they cannot be read or do not belong together.
    """
    inputs, signatures = request.field("signature-input"), request.field("signature")
    if inputs is None or signatures is None:
        raise SignatureMissing
    described, signed = parse_dictionary(inputs), parse_dictionary(signatures)
    if not described or len(described) > MAX_LABELS:
        raise SignatureMalformed(reason="labels", count=len(described))
    for label, covered in described.items():
        item = signed.get(label)
        if not isinstance(covered, InnerList) or not isinstance(item, Item) or not isinstance(item.value, bytes):
            raise SignatureMalformed(reason="label", label=label)
        yield MessageSignature(label, covered, item.value)


def signature_base(covered: InnerList, request: Request, *, status: int | None = None) -> bytes:
    """The bytes that are signed (RFC 9421 §2.5); `status` is for signatures over answers.

    Raises:
        SignatureMalformed: a component is repeated, unknown, or the message does not have it.
    """
    lines: list[str] = []
    seen: set[str] = set()
    for item in covered.items:
        identifier = serialize(item)
        if identifier in seen or type(item.value) is not str:  # a token is no component name either
            raise SignatureMalformed(reason="component", component=identifier)
        seen.add(identifier)
        lines.append(f"{identifier}: {_component(item, request, status)}")
    lines.append(f'"@signature-params": {serialize(covered)}')
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _component(item: Item, request: Request, status: int | None) -> str:
    name = str(item.value)
    if name == "@query-param":
        return _query_parameter(item, request)
    if item.params or name != name.lower():
        raise SignatureMalformed(reason="component", component=serialize(item))
    value = _derived(name, request, status) if name.startswith("@") else request.field(name)
    if value is None:
        raise SignatureMalformed(reason="named_without_value", component=name)
    return value


def _derived(name: str, request: Request, status: int | None) -> str | None:
    parts = request.parts
    match name:  # RFC 9421 §2.2
        case "@method":
            return request.method
        case "@target-uri":
            return request.url
        case "@authority":
            return parts.authority
        case "@scheme":
            return parts.scheme
        case "@request-target":
            return parts.request_target()
        case "@path":
            return parts.path
        case "@query":
            return f"?{parts.query or ''}"
        case "@status":
            return None if status is None else str(status)
        case _:
            return None


def _query_parameter(item: Item, request: Request) -> str:
    name = item.params.get("name")
    if not isinstance(name, str) or len(item.params) != 1:
        raise SignatureMalformed(reason="component", component=serialize(item))
    pairs = parse_qsl(request.parts.query or "", keep_blank_values=True)
    values = [value for key, value in pairs if quote(key, safe="*-._") == name]
    if len(values) != 1:  # RFC 9421 §2.2.8: a name that occurs twice cannot be signed
        raise SignatureMalformed(reason="query_param", name=name)
    return quote(values[0], safe="*-._")


def choose(
    request: Request, *, now: datetime, max_age: timedelta, max_future: timedelta
) -> tuple[MessageSignature, datetime]:
    """The first signature that passes every check that needs no key (SIG-17 to SIG-20), and until when it is good.

    Raises:
        SignatureRefused: none passes; the reason is the first one's.
    """
    refusal: SignatureRefused | None = None
    for candidate in parse(request):
        try:
            until = check(candidate, request, now=now, max_age=max_age, max_future=max_future)
        except SignatureRefused as error:
            refusal = refusal or error
        else:
            return candidate, until
    raise refusal or SignatureMissing


def check(
    signature: MessageSignature, request: Request, *, now: datetime, max_age: timedelta, max_future: timedelta
) -> datetime:
    """Everything about one signature that needs no key; returns until when it is good.

    Raises:
        CoverageTooSmall, AlgorithmRefused, DigestRefused, TimeRefused, SignatureMalformed: what their names say.
    """
    if not signature.key_id:
        raise SignatureMalformed(reason="required_parameter", parameter="keyid")
    if signature.algorithm is not None and signature.algorithm not in ALGORITHMS:
        raise AlgorithmRefused(algorithm=signature.algorithm)
    _check_coverage(signature, request)
    signature_base(signature.covered, request)  # unreadable components are refused before any key is fetched
    if signature.created is None:
        raise TimeRefused(reason="created_missing")
    created = clock.parse_unix_time(signature.created)
    until = clock.good_until([created], signature.expires, now=now, max_age=max_age, max_future=max_future)
    if (content_digest := request.field("content-digest")) is not None:
        digests.check_content_digest(content_digest, request.body)
    if (digest := request.field("digest")) is not None:
        digests.check_digest(digest, request.body)
    return until


def _check_coverage(signature: MessageSignature, request: Request) -> None:
    # Only components without parameters count: `"@path";x` would not be the path we know.
    covered = {str(item.value) for item in signature.covered.items if not item.params}
    required = {"@method"}
    if request.method not in ("GET", "HEAD"):
        if request.field("content-digest") is None:
            raise DigestRefused(reason="missing")
        required.add("content-digest")
    if "@target-uri" not in covered:
        required |= {"@authority", "@path"}
        if request.parts.query is not None:
            required.add("@query")
    if missing := required - covered:
        raise CoverageTooSmall(missing=sorted(missing))
