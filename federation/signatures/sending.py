"""Makes the headers that turn a request of ours into a signed one."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import Struct

from federation.signatures import cavage, rfc9421
from federation.signatures.clock import format_http_date
from federation.signatures.digests import content_digest_header, digest_header, sha256_base64
from federation.signatures.keys import PrivateKey, sign_bytes
from federation.signatures.messages import Form, Request, target_of
from federation.signatures.structured import InnerList, Item, Parameters, serialize
from federation.signatures.wishes import Wish

_DERIVED = frozenset({"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"})
ACTIVITY_JSON = "application/activity+json"


class Unsigned(Struct, frozen=True):
    """A request whose signature is still to be made: what has to be signed, and how the headers are completed."""

    data: bytes
    complete: Callable[[bytes], dict[str, str]]


def sign(method: str, url: str, body: bytes = b"", *, private_key: PrivateKey, **facts: Any) -> dict[str, str]:
    """The headers that make this request a signed one; `facts` as `unsigned` takes them."""
    request = unsigned(method, url, body, private_key=private_key, **facts)
    return request.complete(sign_bytes(private_key, request.data))


def unsigned(
    method: str,
    url: str,
    body: bytes = b"",
    *,
    key_id: str,
    private_key: PrivateKey,
    now: datetime,
    form: Form = "cavage",
    content_type: str = ACTIVITY_JSON,
    accept: str = ACTIVITY_JSON,
    sha256: str | None = None,
    with_query: bool = True,
    also: Mapping[str, str] | None = None,
    wish: Wish | None = None,
) -> Unsigned:
    """The headers of a request but for its signature; send them all, and nothing else under these names.

    A POST gets `Content-Type` and a digest; `sha256` (from `sha256_base64`) saves hashing a body again, and given with
    a GET it adds the digest that some servers want there (SIG-6). `accept` belongs to a GET. `with_query=False` leaves
    the query out of a GET's cavage signature (SIG-7). Headers in `also` are sent and covered.
    `wish` is what the server asked of an RFC 9421 signature: it gets that beside what we always sign (SIG-29).
    """
    url = url.partition("#")[0]  # a fragment never reaches the server
    parts = target_of(url)
    headers = {"Host": parts.authority}
    is_read = method in ("GET", "HEAD")
    if is_read:
        headers["Accept"] = accept
    else:
        headers["Content-Type"] = content_type
        sha256 = sha256_base64(body) if sha256 is None else sha256
    if also:
        headers.update(also)
    covered = tuple(name.lower() for name in also or ())
    if form == "rfc9421":
        return _rfc9421(
            headers,
            Request(method, url, ()),
            sha256,
            covered=covered,
            key_id=key_id,
            private_key=private_key,
            now=now,
            wish=wish,
        )
    url = url if with_query or not is_read else url.partition("?")[0]
    return _cavage(headers, method, url, sha256, covered=covered, key_id=key_id, private_key=private_key, now=now)


def _cavage(
    headers: dict[str, str],
    method: str,
    url: str,
    sha256: str | None,
    *,
    covered: tuple[str, ...],
    key_id: str,
    private_key: PrivateKey,
    now: datetime,
) -> Unsigned:
    is_read = method in ("GET", "HEAD")
    names = list(cavage.GET_HEADERS if is_read else cavage.POST_HEADERS)
    headers["Date"] = format_http_date(now)
    if sha256 is not None:
        headers["Digest"] = digest_header(sha256)
        if is_read:
            names.insert(3, "digest")
    described = cavage.CavageSignature(key_id, (*names, *covered), b"")
    string = cavage.signing_string(described, Request(method, url, tuple(headers.items())))
    # SIG-4: keyId comes first, one implementation relies on it.
    algorithm = "rsa-sha256" if isinstance(private_key, RSAPrivateKey) else "hs2019"
    listed = " ".join(described.headers)
    opening = f'keyId="{key_id}",algorithm="{algorithm}",headers="{listed}",signature="'

    def complete(signature: bytes) -> dict[str, str]:
        return headers | {"Signature": f'{opening}{base64.b64encode(signature).decode("ascii")}"'}

    return Unsigned(string.encode("utf-8"), complete)


def _rfc9421(
    headers: dict[str, str],
    request: Request,
    sha256: str | None,
    *,
    covered: tuple[str, ...],
    key_id: str,
    private_key: PrivateKey,
    now: datetime,
    wish: Wish | None,
) -> Unsigned:
    names = list(rfc9421.GET_COMPONENTS if request.method in ("GET", "HEAD") else rfc9421.POST_COMPONENTS)
    if sha256 is not None:
        headers["Content-Digest"] = content_digest_header(sha256)
        if "content-digest" not in names:
            names.append("content-digest")
    names += covered
    label = "sig1"
    algorithm = "rsa-v1_5-sha256" if isinstance(private_key, RSAPrivateKey) else "ed25519"
    params: Parameters = {"created": int(now.timestamp()), "keyid": key_id, "alg": algorithm}
    if wish is not None:
        there = _DERIVED | {name.lower() for name in headers}
        names += [name for name in dict.fromkeys(wish.components) if name in there and name not in names]
        label = wish.label
        params |= {name: word for name, word in (("nonce", wish.nonce), ("tag", wish.tag)) if word is not None}
    described = InnerList(tuple(Item(name) for name in names), params)
    base = rfc9421.signature_base(described, Request(request.method, request.url, tuple(headers.items())))
    headers["Signature-Input"] = f"{label}={serialize(described)}"

    def complete(signature: bytes) -> dict[str, str]:
        return headers | {"Signature": f"{label}={serialize(Item(signature))}"}

    return Unsigned(base, complete)
