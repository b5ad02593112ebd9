"""The published and derived signature vectors: string or base rebuilt, verified, signed again, and spoilt."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from federation import signatures
from federation.signatures import (
    AlgorithmRefused,
    BadKey,
    BadSignature,
    CoverageTooSmall,
    DigestRefused,
    Request,
    SignatureMalformed,
    SignatureRefused,
    TimeRefused,
    cavage,
    keys,
    rfc9421,
)
from federation.signatures.structured import InnerList, Item, parse_dictionary, serialize
from tests.keys import rsa

VECTORS = Path(__file__).parents[2] / "wire/vectors"
RFC = json.loads((VECTORS / "rfc9421.json").read_text())
CAVAGE = json.loads((VECTORS / "cavage12.json").read_text())
DERIVED = json.loads((VECTORS / "derived_http_signatures.json").read_text())
NOW = datetime(2021, 4, 20, 2, 8, 30, tzinfo=UTC)
LOCAL = {"local.example"}


def _rfc_request(case):
    first, second, _ = case["start_line"].split(" ")
    host = dict(case["headers"]).get("Host", "example.com")
    method, target = ("GET", "/") if first.startswith("HTTP/") else (first, second)
    headers = tuple((name, value) for name, value in case["headers"])
    return Request(method, f"https://{host}{target}", headers, case["body"].encode())


def _status(case):
    first, second, _ = case["start_line"].split(" ", 2)
    return int(second) if first.startswith("HTTP/") else None


@pytest.mark.parametrize("case", RFC["cases"], ids=lambda case: case["id"])
def test_SIG_21_the_signature_base_of_each_rfc_case_is_rebuilt_from_its_message(case):
    request = _rfc_request(case)
    [signature] = rfc9421.parse(request)

    base = rfc9421.signature_base(signature.covered, request, status=_status(case))

    assert base.decode() == case["signature_base"]
    assert signature.signature == base64.b64decode(case["signature_b64"])


@pytest.mark.parametrize(
    "case", [case for case in RFC["cases"] if case["algorithm"] != "hmac-sha256"], ids=lambda case: case["id"]
)
def test_SIG_20_each_rfc_case_verifies_or_fails_as_the_rfc_says(case):
    request = _rfc_request(case)
    [signature] = rfc9421.parse(request)
    key = keys.load_public_key(RFC["keys"][case["key"]]["public_pem"])
    base = rfc9421.signature_base(signature.covered, request, status=_status(case))

    if case["expect"] == "valid":
        keys.verify_named(key, case["algorithm"], signature.signature, base)
        with pytest.raises(BadSignature):
            keys.verify_named(key, case["algorithm"], signature.signature, base + b" ")
    else:
        with pytest.raises(BadSignature):
            keys.verify_named(key, case["algorithm"], signature.signature, base)


def test_SIG_20_a_shared_secret_is_never_an_algorithm():
    [case] = [case for case in RFC["cases"] if case["algorithm"] == "hmac-sha256"]
    [signature] = rfc9421.parse(_rfc_request(case))
    for name in ("test-key-rsa", "test-key-ed25519", "test-key-ecc-p256"):
        key = keys.load_public_key(RFC["keys"][name]["public_pem"])
        with pytest.raises(AlgorithmRefused):
            keys.verify_named(key, "hmac-sha256", signature.signature, case["signature_base"].encode())


def test_SIG_18_a_signature_that_covers_nothing_is_refused_although_it_verifies():
    [case] = [case for case in RFC["cases"] if case["id"].startswith("B.2.1")]

    with pytest.raises(CoverageTooSmall) as refused:
        signatures.parse(_rfc_request(case), hosts={"example.com"}, now=NOW)

    assert "@method" in refused.value.facts["missing"]


def _cavage_request(headers):
    request = CAVAGE["request"]
    return Request(
        "POST", f"https://example.com{request['start_line'].split(' ')[1]}", headers, request["body"].encode()
    )


@pytest.mark.parametrize("case", CAVAGE["cases"], ids=lambda case: case["id"])
def test_SIG_2_the_published_signing_strings_are_rebuilt(case):
    request = _cavage_request(tuple((name, value) for name, value in CAVAGE["request"]["headers"]))
    names = case.get("usable_headers_param", case["headers_param"])
    listed = "" if names is None else f',headers="{names}"'
    signature = cavage.parse_value(
        f'keyId="Test",algorithm="{case["algorithm"]}"{listed},signature="{case["signature_b64"]}"'
    )

    assert cavage.signing_string(signature, request) == case["signing_string"]


def test_SIG_16_the_published_key_of_the_draft_is_too_small_for_us():
    with pytest.raises(BadKey):
        keys.load_public_key(CAVAGE["key"]["public_pem"])


def test_SIG_10_created_with_an_rsa_algorithm_is_refused_as_the_draft_says():
    case = CAVAGE["cases"][2]
    with pytest.raises(SignatureMalformed):
        cavage.parse_value(
            f'keyId="Test",algorithm="rsa-sha256",created={case["created"]},expires={case["expires"]},'
            f'headers="{case["headers_param"]}",signature="{case["signature_b64"]}"'
        )


def _derived_request(case, **changes):
    headers = [(name, value) for name, value in case["headers"]]
    if case["scheme"] == "cavage-12":
        headers.append(("Signature", case["signature_header"]))
    else:
        headers += [("Signature-Input", case["signature_input"]), ("Signature", case["signature"])]
    headers = [(name, changes.get(name, value)) for name, value in headers]
    url = case.get("uri") or f"https://local.example{case['target']}"
    return Request(
        changes.get("method", case["method"]),
        changes.get("url", url),
        tuple((name, value) for name, value in headers if value is not None),
        changes.get("body", (case["body"] or "").encode()),
    )


KEY = keys.load_public_key(DERIVED["key"]["public_spki_pem"])
PRIVATE = keys.load_private_key(DERIVED["key"]["private_pkcs8_pem"])
BY_ID = {case["id"]: case for case in DERIVED["cases"]}


@pytest.mark.parametrize("case", DERIVED["cases"], ids=lambda case: case["id"])
def test_SIG_8_and_17_what_known_servers_send_is_verified(case):
    parsed = signatures.parse(_derived_request(case), hosts=LOCAL, now=NOW)
    verified = signatures.verify(parsed, KEY, now=NOW)

    assert parsed.key_id == DERIVED["keyid"]
    assert parsed.form == ("cavage" if case["scheme"] == "cavage-12" else "rfc9421")
    assert verified.without_query is (case["id"] == "get-query-omitted")


@pytest.mark.parametrize("case", DERIVED["cases"], ids=lambda case: case["id"])
def test_SIG_12_two_days_later_the_same_requests_are_refused(case):
    with pytest.raises(TimeRefused):
        signatures.parse(_derived_request(case), hosts=LOCAL, now=NOW + timedelta(days=2))


@pytest.mark.parametrize("case", DERIVED["cases"], ids=lambda case: case["id"])
def test_SIG_9_another_key_does_not_verify(case):
    parsed = signatures.parse(_derived_request(case), hosts=LOCAL, now=NOW)

    with pytest.raises((BadSignature, AlgorithmRefused)):
        signatures.verify(parsed, rsa().public_key(), now=NOW)
    with pytest.raises((BadSignature, AlgorithmRefused)):
        signatures.verify(parsed, keys.generate_ed25519().public_key(), now=NOW)


@pytest.mark.parametrize("case", [c for c in DERIVED["cases"] if c["scheme"] == "cavage-12"], ids=lambda c: c["id"])
def test_SIG_2_the_derived_signing_strings_are_rebuilt_and_signed_to_the_same_bytes(case):
    request = _derived_request(case)
    signature = cavage.parse(request)

    string = cavage.signing_string(signature, request, with_query=case["id"] != "get-query-omitted")

    assert string == case["signing_string"]
    assert keys.sign_bytes(PRIVATE, string.encode()) == signature.signature


@pytest.mark.parametrize("case", [c for c in DERIVED["cases"] if c["scheme"] == "rfc9421"], ids=lambda c: c["id"])
def test_SIG_21_the_derived_bases_are_rebuilt_and_signed_to_the_same_bytes(case):
    request = _derived_request(case)
    [signature] = rfc9421.parse(request)

    base = rfc9421.signature_base(signature.covered, request)

    assert base.decode() == case["signature_base"]
    assert keys.sign_bytes(PRIVATE, base) == signature.signature


TAMPERED = {
    "path": {"url": "https://local.example/users/bob/inbox"},
    "query": {"url": "https://local.example/inbox?x=1"},
    "host": {"url": "https://other.example/inbox", "Host": "other.example"},
    "method": {"method": "PUT"},
    "body": {"body": b"{}"},
    "date": {"Date": "Tue, 20 Apr 2021 02:07:56 GMT"},
    "body and digest": {
        "body": b"{}",
        "Digest": "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=",
        "Content-Digest": "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:",
    },
}


@pytest.mark.parametrize("change", TAMPERED, ids=str)
@pytest.mark.parametrize("name", ["post-mastodon", "post-9421-fedify"])
def test_R_02_each_covered_part_is_bound(name, change):
    request = _derived_request(BY_ID[name], **TAMPERED[change])

    with pytest.raises((BadSignature, DigestRefused)) as refused:
        parsed = signatures.parse(request, hosts=LOCAL | {"other.example"}, now=NOW)
        signatures.verify(parsed, KEY, now=NOW)

    assert isinstance(refused.value, DigestRefused) is (change == "body")


def test_SIG_1_our_post_is_what_mastodon_sends_byte_for_byte():
    case = BY_ID["post-mastodon"]
    headers = signatures.sign(
        "POST",
        "https://local.example/inbox",
        case["body"].encode(),
        key_id=DERIVED["keyid"],
        private_key=PRIVATE,
        now=datetime(2021, 4, 20, 2, 7, 55, tzinfo=UTC),
    )

    assert headers == {**dict(case["headers"]), "Signature": case["signature_header"]}


def test_SIG_17_a_refusal_of_one_form_leaves_the_other_a_try():
    case = BY_ID["post-mastodon"]
    request = _derived_request(case)
    both = (*request.headers[:-1], ("Signature-Input", "sig1=();created=1"))
    authorization = ("Authorization", f"Signature {case['signature_header']}")

    parsed = signatures.parse(Request("POST", request.url, (*both, authorization), request.body), hosts=LOCAL, now=NOW)

    assert parsed.form == "cavage"
    with pytest.raises(SignatureRefused):
        signatures.parse(Request("POST", request.url, both, request.body), hosts=LOCAL, now=NOW)


def test_RFC_8941_members_are_written_as_they_were_read():
    text = 'sig1=("@method" "@query-param";name="a b");created=1;keyid="x\\"y";n=-1.5;t=tok/en:x;b;c=?0;d=:AAE=:'

    [(label, member)] = parse_dictionary(text).items()

    assert f"{label}={serialize(member)}" == text
    assert isinstance(member, InnerList)
    assert member.items[0] == Item("@method")
    assert member.params["b"] is True
    assert member.params["c"] is False


@pytest.mark.parametrize(
    "text",
    ["a=1,", "a=1 b=2", "a=(1", 'a="x', "A=1", "a=1,a=2", "a;x=1;x=2", "a=:!:", "a=1.", "a=1.2345",
     "a=12345678901234567", 'a="é"', 'a="\\n"', "a=?2", "a=(1)(2)", 'a=("x""y")', "=1", ",", "a=,"],
)  # fmt: skip
def test_RFC_8941_what_is_no_dictionary_is_refused(text):
    with pytest.raises(SignatureMalformed):
        parse_dictionary(text)
