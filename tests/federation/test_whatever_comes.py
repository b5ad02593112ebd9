"""Whatever comes in over the wire is read, or refused with a reason of ours: never a traceback, never half an effect.

The examples are derived from the tests themselves and the same each time.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.documents import actor as actor_documents
from federation.documents import post as post_documents
from federation.documents.refusals import DocumentRefused
from federation.signatures import Request, SignatureRefused, parse
from federation.signatures.clock import parse_http_date
from federation.signatures.jcs import canonical
from federation.signatures.keys import load_public_key
from federation.signatures.multikey import assertion_keys
from federation.signatures.refusals import BadKey
from federation.signatures.structured import parse_dictionary
from federation.vocabulary import (
    AS_JSON,
    PUBLIC,
    BadJson,
    BadUrl,
    checked_url,
    ids_of,
    parse_date,
    parse_json,
    types_of,
)
from models.tables import Received, ReceivedState
from tests.federation.neighbours import PeerActor

THEIRS = "https://northwind.example"
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)

WORDS = [
    "Note", "Create", "as:Public", PUBLIC, THEIRS, f"{THEIRS}/1", f"{THEIRS}/users/nora", "Group", "Person", "Emoji",
    "Mention", "Hashtag", "Link", "text/html", "2026-02-01T10:00:00Z", "99999-01-01T00:00:00Z", ":blob:", "\x00",
    "\ud7ff", "javascript:alert(1)", "https://[::1", "https://a@b/", "<p>x", "&#0;", "http://127.0.0.1/", "e" * 300,
]  # fmt: skip
MEMBERS = [
    "id", "type", "actor", "object", "to", "cc", "bto", "audience", "attributedTo", "content", "contentMap", "name",
    "summary", "tag", "attachment", "url", "href", "icon", "image", "mediaType", "inReplyTo", "context", "published",
    "updated", "publicKey", "publicKeyPem", "owner", "assertionMethod", "publicKeyMultibase", "controller", "endpoints",
    "sharedInbox", "inbox", "outbox", "followers", "preferredUsername", "oneOf", "endTime", "source", "sensitive",
    "blurhash", "focalPoint", "width", "proof", "target", "items", "first", "generator", "implements", "alsoKnownAs",
]  # fmt: skip

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=30)
    | st.sampled_from(WORDS)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from(MEMBERS), values, max_size=8)

NOTE: dict[str, Any] = {
    "id": f"{THEIRS}/notes/1",
    "type": "Note",
    "attributedTo": f"{THEIRS}/users/nora",
    "content": "<p>Good day</p>",
    "to": [PUBLIC],
}
ACTOR: dict[str, Any] = {
    "id": f"{THEIRS}/users/nora",
    "type": "Person",
    "preferredUsername": "nora",
    "inbox": f"{THEIRS}/users/nora/inbox",
    "outbox": f"{THEIRS}/users/nora/outbox",
}


# Parsers


@settings(max_examples=60)
@given(st.binary(max_size=200) | values.map(msgspec.json.encode))
def test_R_42_bytes_are_a_document_or_refused(body: bytes) -> None:
    try:
        document = parse_json(body)
    except BadJson:
        return
    assert isinstance(document, dict)
    assert parse_json(msgspec.json.encode(document)) == document


@settings(max_examples=60)
@given(
    st.text(max_size=60)
    | st.text(st.sampled_from("htps:/@[]%.\\?#0x7f1 \t\u3002é"), max_size=40).map(lambda end: f"https://{end}")
)
def test_R_20_text_is_an_address_without_surprises_or_none(text: str) -> None:
    try:
        found = checked_url(text, insecure=("*.localhost",))
    except BadUrl:
        return
    assert found.text == text
    assert found.origin.scheme in ("http", "https")
    assert found.url.isascii()
    assert "@" not in found.origin.host
    assert checked_url(found.url, insecure=("*.localhost",)).origin == found.origin


@settings(max_examples=60)
@given(st.text(max_size=40) | st.datetimes().map(str) | st.sampled_from(WORDS) | values)
def test_GEN_7_what_is_no_date_is_none(value: object) -> None:
    found = parse_date(value, now=NOW)
    assert found is None or (found.tzinfo is UTC and found <= NOW + timedelta(days=1))
    try:
        assert parse_http_date(str(value)).tzinfo is not None
    except SignatureRefused as refused:
        assert refused.status in (400, 401)


fields = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=60)
signature_fields = fields | st.lists(
    st.sampled_from(
        ['keyId="https://a.example/u#k"', 'signature="eA=="', 'headers="(request-target) host date digest"',
         'algorithm="hs2019"', "created=1", "expires=99999999999999999999", 'keyId="', "=", ",", 'x="\\""']
    ),
    max_size=5,
).map(",".join)  # fmt: skip
inputs = fields | st.lists(
    st.sampled_from(
        ['sig1=("@method" "@target-uri" "content-digest")', ";created=1769947200", ';keyid="https://a.example/u#k"',
         ';alg="ed25519"', ";created=-1", ";nonce=:eA==:", "(", ')', '"x";sf', ";created=1.5"]
    ),
    max_size=5,
).map("".join)  # fmt: skip


@settings(max_examples=60)
@given(signature_fields, inputs | st.none(), fields, fields)
def test_INB_5_headers_are_a_signature_or_refused(signature: str, given: str | None, digest: str, date: str) -> None:
    headers = [("Host", "a.example"), ("Signature", signature), ("Digest", digest), ("Date", date)]
    if given is not None:
        headers += [("Signature-Input", given), ("Content-Digest", digest)]
    request = Request("POST", "https://a.example/inbox", tuple(headers), b"{}")
    try:
        parsed = parse(request, hosts={"a.example"}, now=NOW)
    except SignatureRefused as refused:
        assert refused.status in (400, 401)
    else:
        assert parsed.key_id


@settings(max_examples=60)
@given(inputs)
def test_SIG_21_a_structured_field_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(parse_dictionary(text), dict)
    except SignatureRefused as refused:
        assert refused.status == 400


@settings(max_examples=40)
@given(values)
def test_GEN_2_values_in_any_shape_are_read(value: object) -> None:
    assert all(isinstance(found, str) for found in ids_of(value))
    assert all(types_of({"type": value}))


@settings(max_examples=60)
@given(documents)
def test_R_42_a_post_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        post = post_documents.parse(NOTE | changes, insecure_hosts=(), received=NOW)
    except DocumentRefused:
        return
    assert post.author_uri.startswith(post.uri[: len("https://x")])
    assert "<script" not in post.html
    assert len(post.title) <= 500


@settings(max_examples=60)
@given(documents)
def test_R_42_an_actor_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        found = actor_documents.parse(ACTOR | changes, insecure_hosts=())
    except DocumentRefused:
        return
    origin = checked_url(found.actor.uri).origin
    assert checked_url(found.actor.inbox).origin == origin
    assert all(checked_url(key.uri).origin == origin for key in found.keys)


@settings(max_examples=40)
@given(values, st.text(max_size=80))
def test_R_08_rubbish_is_no_key(value: Any, text: str) -> None:
    with pytest.raises(BadKey):
        load_public_key(text)
    assert assertion_keys({"id": THEIRS, "assertionMethod": value}) == {}


@settings(max_examples=60)
@given(values)
def test_PRF_1_whatever_json_there_is_has_one_canonical_form(value: Any) -> None:
    once = canonical(value)
    assert canonical(msgspec.json.decode(once)) == once


# The inbox


TYPES = [
    "Create",
    "Update",
    "Delete",
    "Follow",
    "Undo",
    "Accept",
    "Reject",
    "Like",
    "Announce",
    "Add",
    "Block",
    "Flag",
    "Move",
]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(type=st.sampled_from(TYPES), changes=documents, inner=documents, whole=st.booleans())
async def test_R_45_whatever_a_partner_signs_is_answered_and_dealt_with(
    home: Any, nora: PeerActor, caplog: pytest.LogCaptureFixture, type: str, changes: dict, inner: dict, whole: bool
) -> None:
    note = {**NOTE, "id": f"{nora.peer.base_url}/notes/x", "attributedTo": nora.id, **inner}
    activity = nora.does(type, note if whole else inner.get("id", nora.id))
    kept = {name: value for name, value in changes.items() if name not in ("id", "actor", "type", "proof")}
    answer = await nora.posts(home, {**activity, **kept})
    assert answer.status in (202, 400), answer
    await home.works()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
    assert {row.state for row in await home.rows(Received)} <= set(ReceivedState) - {ReceivedState.PARKED}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80) | documents.map(msgspec.json.encode), signature_fields, fields)
async def test_INB_1_whatever_a_stranger_sends_is_refused(home: Any, body: bytes, signature: str, digest: str) -> None:
    headers = {"Content-Type": AS_JSON, "Signature": signature.strip(), "Digest": digest.strip()}
    answer = await home.request("POST", "/inbox", headers=headers, body=body)
    assert 400 <= answer.status < 500
    assert await home.rows(Received) == []
