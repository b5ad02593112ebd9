"""Judges the signature of a received request, in two steps: without the key, then with it."""

from collections.abc import Container
from datetime import datetime, timedelta

from msgspec import Struct

from federation.signatures import cavage, clock, rfc9421
from federation.signatures.clock import MAX_AGE, MAX_FUTURE
from federation.signatures.keys import PublicKey, verify_named
from federation.signatures.messages import Form, Request, normal_authority
from federation.signatures.refusals import BadSignature, HostRefused, SignatureRefused, TimeRefused


class Parsed(Struct, frozen=True):
    """A signed request that passed every check that needs no key.

    `covered` has the lower-case names of the signed headers and components. The signature is worth nothing after
    `good_until`; a `nonce` is to be remembered until then.
    """

    request: Request
    signature: cavage.CavageSignature | rfc9421.MessageSignature
    form: Form
    key_id: str
    covered: frozenset[str]
    good_until: datetime
    nonce: str | None = None

    @property
    def signed_at(self) -> datetime:
        """When it was made, by its own word, to the second; of two times that it covers the earlier one."""
        signature = self.signature
        moments = []
        if signature.created is not None and (self.form == "rfc9421" or cavage.CREATED in self.covered):
            moments.append(clock.parse_unix_time(signature.created))
        if self.form == "cavage" and "date" in self.covered:
            moments.append(clock.parse_http_date(self.request.field("date") or ""))
        return min(moments)


class Verified(Struct, frozen=True):
    """A request whose signature held. `without_query`: only after leaving the query out (SIG-14), worth a log line."""

    key_id: str
    form: Form
    covered: frozenset[str]
    without_query: bool = False


def is_signed(request: Request) -> bool:
    """Whether the request carries a signature of either form at all."""
    return "signature-input" in request.fields or "signature" in request.fields or cavage.is_present(request)


def parse(
    request: Request,
    *,
    hosts: Container[str],
    now: datetime,
    max_age: timedelta = MAX_AGE,
    max_future: timedelta = MAX_FUTURE,
) -> Parsed:
    """Read the request's signature and do every check that needs no key.

    `hosts` are our own names, lower case, with the port where it is not the default one.

    Raises:
        SignatureMissing: the request is not signed.
        HeaderRepeated, SignatureMalformed: status 400.
        SignatureRefused: another reason, status 401.
    """
    request.refuse_repeated()
    _check_host(request, hosts)
    if "signature-input" not in request.fields:
        return _parse_cavage(request, now, max_age, max_future)
    try:
        found, good_until = rfc9421.choose(request, now=now, max_age=max_age, max_future=max_future)
    except SignatureRefused:
        if not cavage.is_present(request):  # SIG-17: the other form is tried when it is there
            raise
        return _parse_cavage(request, now, max_age, max_future)
    covered = frozenset(found.components)
    return Parsed(request, found, "rfc9421", found.key_id, covered, good_until, found.nonce)


def _parse_cavage(request: Request, now: datetime, max_age: timedelta, max_future: timedelta) -> Parsed:
    found = cavage.parse(request)
    good_until = cavage.check(found, request, now=now, max_age=max_age, max_future=max_future)
    return Parsed(request, found, "cavage", found.key_id, frozenset(found.headers), good_until)


def _check_host(request: Request, hosts: Container[str]) -> None:
    """SIG-11, R-02: both the URL we were called by and the Host header must name us."""
    parts = request.parts
    host = request.field("host")
    if parts.authority not in hosts:
        raise HostRefused(host=parts.authority)
    if host is not None and normal_authority(host, parts.scheme) not in hosts:
        raise HostRefused(host=host)


def verify(parsed: Parsed, public_key: PublicKey, *, now: datetime) -> Verified:
    """Ask the key. A GET with a query gets a second try without it, as some peers sign (SIG-14).

    Raises:
        TimeRefused: the signature expired while the key was looked for.
        AlgorithmRefused: the key cannot be used with the named algorithm.
        BadSignature: the signature is not of this key and this request.
    """
    if now > parsed.good_until:
        raise TimeRefused(reason="expired", good_until=parsed.good_until.isoformat())
    signature, request = parsed.signature, parsed.request
    if isinstance(signature, rfc9421.MessageSignature):
        base = rfc9421.signature_base(signature.covered, request)
        verify_named(public_key, signature.algorithm, signature.signature, base)
        return Verified(parsed.key_id, parsed.form, parsed.covered)
    try:
        cavage.verify(signature, request, public_key)
    except BadSignature:
        if request.method not in ("GET", "HEAD") or request.parts.query is None:
            raise
        cavage.verify(signature, request, public_key, with_query=False)
        return Verified(parsed.key_id, parsed.form, parsed.covered, without_query=True)
    return Verified(parsed.key_id, parsed.form, parsed.covered)
