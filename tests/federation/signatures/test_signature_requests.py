"""What a received request must have before and after its key is known, and what we send ourselves."""

from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from federation import signatures
from federation.signatures import (
    AlgorithmRefused,
    BadSignature,
    CoverageTooSmall,
    DigestRefused,
    HeaderRepeated,
    HostRefused,
    Request,
    SignatureMalformed,
    SignatureMissing,
    TimeRefused,
    cavage,
    keys,
)
from federation.signatures.clock import format_http_date
from federation.signatures.digests import content_digest_header, digest_header, sha256_base64
from federation.signatures.messages import target_of
from federation.signatures.structured import InnerList, Item, serialize
from tests.keys import rsa

NOW = datetime(2026, 2, 1, 10, 0, 2, tzinfo=UTC)
HOSTS = {"a.example"}
INBOX = "https://a.example/inbox"
BODY = b'{"type":"Follow"}'
KEY_ID = "https://b.example/users/anna#main-key"
RSA = rsa()
ED25519 = keys.generate_ed25519()
FORMS = ("cavage", "rfc9421")


def _request(method="POST", url=INBOX, body=BODY, drop=(), **signing):
    signing = {"key_id": KEY_ID, "private_key": RSA, "now": NOW} | signing
    headers = signatures.sign(method, url, body, **signing)
    return Request(method, url, tuple((n, v) for n, v in headers.items() if n not in drop), body)


def _parse(request, now=NOW, **options):
    return signatures.parse(request, hosts=HOSTS, now=now, **options)


def _by_hand(names, *, method="POST", url=INBOX, body=BODY, parameters='algorithm="rsa-sha256"', key=RSA, **headers):
    """A cavage signature over exactly `names`, whatever we would send ourselves."""
    defaults = {"Host": "a.example", "Date": format_http_date(NOW), "Digest": digest_header(sha256_base64(body))}
    sent = {name: value for name, value in (defaults | headers).items() if value is not None}
    described = cavage.parse_value(f'keyId="{KEY_ID}",{parameters},headers="{names}",signature="AAAA"')
    string = cavage.signing_string(described, Request(method, url, tuple(sent.items()), body))
    signed = signatures.sending.base64.b64encode(keys.sign_bytes(key, string.encode())).decode()
    sent["Signature"] = f'keyId="{KEY_ID}",{parameters},headers="{names}",signature="{signed}"'
    return Request(method, url, tuple(sent.items()), body)


def _by_hand_9421(names, *, method="POST", url=INBOX, body=BODY, key=RSA, digest=None, **params):
    """An RFC 9421 signature over exactly `names` with exactly these parameters."""
    sent = {"Host": "a.example"}
    digest = content_digest_header(sha256_base64(body)) if digest is None else digest
    if digest:
        sent["Content-Digest"] = digest
    defaults = {"created": int(NOW.timestamp()), "keyid": KEY_ID}
    given = {name: value for name, value in (defaults | params).items() if value is not None}
    covered = InnerList(tuple(Item(name) for name in names.split()), given)
    base = signatures.receiving.rfc9421.signature_base(covered, Request(method, url, tuple(sent.items()), body))
    sent["Signature-Input"] = f"sig1={serialize(covered)}"
    sent["Signature"] = f"sig1={serialize(Item(keys.sign_bytes(key, base)))}"
    return Request(method, url, tuple(sent.items()), body)


@pytest.mark.parametrize("private_key", [RSA, ED25519], ids=["RSA", "Ed25519"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("method", "url", "body"), [("POST", INBOX, BODY), ("GET", INBOX + "?page=1", b"")])
def test_what_we_sign_verifies(method, url, body, form, private_key):
    parsed = _parse(_request(method, url, body, form=form, private_key=private_key))
    verified = signatures.verify(parsed, private_key.public_key(), now=NOW)

    assert (verified.key_id, verified.form, verified.without_query) == (KEY_ID, form, False)


def test_SIG_1_the_parts_we_cover_in_their_order():
    post = _request().field("signature")
    get = _request("GET", body=b"").field("signature")

    assert post.startswith(
        f'keyId="{KEY_ID}",algorithm="rsa-sha256",headers="(request-target) host date digest content-type"'
    )
    assert 'headers="(request-target) host date accept"' in get


def test_SIG_22_the_components_and_parameters_we_send():
    post = _request(form="rfc9421")
    created = int(NOW.timestamp())

    assert post.field("signature-input") == (
        'sig1=("@method" "@target-uri" "@authority" "content-digest" "content-type")'
        f';created={created};keyid="{KEY_ID}";alg="rsa-v1_5-sha256"'
    )
    assert (
        _request("GET", body=b"", form="rfc9421")
        .field("signature-input")
        .startswith('sig1=("@method" "@target-uri" "@authority");created=')
    )


def test_SIG_25_one_form_a_request():
    assert "Signature-Input" not in signatures.sign("POST", INBOX, BODY, key_id=KEY_ID, private_key=RSA, now=NOW)
    sent = signatures.sign("POST", INBOX, BODY, key_id=KEY_ID, private_key=RSA, now=NOW, form="rfc9421")
    assert "Digest" not in sent


def test_SIG_6_a_get_can_carry_the_digest_of_the_empty_body():
    request = _request("GET", body=b"", sha256=sha256_base64(b""))
    parsed = _parse(request)

    signatures.verify(parsed, RSA.public_key(), now=NOW)

    assert request.field("digest") == "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert "digest" in parsed.covered


def test_SIG_7_and_14_a_get_signed_without_its_query_is_verified_at_the_second_try():
    request = _request("GET", INBOX + "?page=1", b"", with_query=False)

    verified = signatures.verify(_parse(request), RSA.public_key(), now=NOW)

    assert verified.without_query is True


def test_SIG_14_a_post_signed_without_its_query_is_refused():
    signed = _request(url=INBOX)
    request = Request("POST", INBOX + "?x=1", signed.headers, BODY)

    with pytest.raises(BadSignature):
        signatures.verify(_parse(request), RSA.public_key(), now=NOW)


@pytest.mark.parametrize("form", FORMS)
def test_a_digest_made_before_is_not_made_again(form):
    parsed = _parse(_request(form=form, sha256=sha256_base64(BODY)))

    signatures.verify(parsed, RSA.public_key(), now=NOW)
    with pytest.raises(DigestRefused):
        _parse(_request(form=form, sha256=sha256_base64(b"another body")))


@pytest.mark.parametrize("form", FORMS)
def test_COL_9_a_header_given_along_is_sent_and_covered(form):
    request = _request(form=form, also={"Collection-Synchronization": 'collectionId="x"'})
    parsed = _parse(request)

    signatures.verify(parsed, RSA.public_key(), now=NOW)

    assert "collection-synchronization" in parsed.covered
    headers = tuple((n, "other" if n.startswith("Coll") else v) for n, v in request.headers)
    with pytest.raises(BadSignature):
        signatures.verify(_parse(Request("POST", INBOX, headers, BODY)), RSA.public_key(), now=NOW)


def test_a_request_is_made_from_a_multi_valued_mapping_without_copying():
    signed = _request()
    mapping = CIMultiDictProxy(CIMultiDict(signed.headers))

    parsed = _parse(Request("POST", INBOX, mapping, BODY))

    signatures.verify(parsed, RSA.public_key(), now=NOW)
    assert parsed.request.headers is mapping


@pytest.mark.parametrize("form", FORMS)
def test_an_unsigned_request_is_told_apart(form):
    request = Request("GET", INBOX, (("Host", "a.example"), ("Authorization", "Bearer x")), b"")

    assert signatures.is_signed(request) is False
    assert signatures.is_signed(_request(form=form)) is True
    with pytest.raises(SignatureMissing) as refused:
        _parse(request)
    assert refused.value.status == 401


def test_SIG_8_the_authorization_header_may_carry_the_signature():
    signed = _request()
    moved = tuple(("Authorization", f"Signature {v}") if n == "Signature" else (n, v) for n, v in signed.headers)

    signatures.verify(_parse(Request("POST", INBOX, moved, BODY)), RSA.public_key(), now=NOW)

    with pytest.raises(HeaderRepeated):
        _parse(Request("POST", INBOX, (*moved, signed.headers[-1]), BODY))


REPEATED = [
    "Signature",
    "Digest",
    "Date",
    "Host",
    "Content-Length",
    "Content-Type",
    "Signature-Input",
    "Content-Digest",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REPEATED)
def test_R_04_a_repeated_header_is_refused_with_400(name, form):
    signed = _request(form=form)
    value = dict(signed.headers).get(name, "1")

    with pytest.raises(HeaderRepeated) as refused:
        _parse(Request("POST", INBOX, (*signed.headers, (name.lower(), value), (name.upper(), value)), BODY))

    assert (refused.value.status, refused.value.facts["header"]) == (400, name.lower())


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("rubbish", id="rubbish"),
        pytest.param('keyId="a"', id="no signature"),
        pytest.param('signature="AAAA"', id="no key"),
        pytest.param('keyId="",signature="AAAA"', id="empty key"),
        pytest.param('keyId="a",keyId="b",signature="AAAA"', id="two keys"),
        pytest.param('keyId="a",signature="AAAA",signature="BBBB"', id="two signatures"),
        pytest.param('keyId="a",signature="A*"', id="no base64"),
        pytest.param('keyId="a",headers="",signature="AAAA"', id="empty list"),
        pytest.param('keyId="a",headers="date date",signature="AAAA"', id="header named twice"),
        pytest.param('keyId="a",headers="date",created="x",signature="AAAA"', id="created is no number"),
        pytest.param('keyId="a\\"b",signature="AAAA"', id="escape"),
        pytest.param('keyId="a" signature="AAAA"', id="no comma"),
        pytest.param('keyId="' + "a" * 9000 + '",signature="AAAA"', id="too long"),
    ],
)
def test_SIG_8_a_malformed_signature_is_refused_with_400(value):
    signed = _request(drop=("Signature",))

    with pytest.raises(SignatureMalformed) as refused:
        _parse(Request("POST", INBOX, (*signed.headers, ("Signature", value)), BODY))

    assert refused.value.status == 400


def test_SIG_8_any_order_spaces_and_unknown_parameters_are_read():
    read = cavage.parse_value('unknown="x", signature="AAAA" , opaque=5, headers="Host DATE",keyId="k"')

    assert read == cavage.CavageSignature("k", ("host", "date"), b"\0\0\0")


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "none", "rsa-sha1", "dsa-sha1", "ecdsa-sha256", ""])
def test_R_04_an_algorithm_we_do_not_know_is_refused(algorithm):
    value = f'keyId="a",algorithm="{algorithm}",headers="date",signature="AAAA"'

    with pytest.raises(AlgorithmRefused) as refused:
        cavage.parse_value(value)

    assert refused.value.status == 401


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "hs2019", "rsa-sha512", "RSA-SHA256"])
def test_SIG_9_the_kind_of_the_key_decides(algorithm):
    names = "(request-target) host date digest"
    by_rsa = _parse(_by_hand(names, parameters=f'algorithm="{algorithm}"'))
    by_ed25519 = _parse(_by_hand(names, parameters=f'algorithm="{algorithm}"', key=ED25519))

    assert signatures.verify(by_rsa, RSA.public_key(), now=NOW).key_id == KEY_ID
    assert signatures.verify(by_ed25519, ED25519.public_key(), now=NOW).key_id == KEY_ID
    with pytest.raises(BadSignature):
        signatures.verify(by_rsa, ED25519.public_key(), now=NOW)


def test_SIG_9_ed25519_named_for_an_rsa_key_is_refused():
    parsed = _parse(_by_hand("(request-target) host date digest", parameters='algorithm="ed25519"'))

    with pytest.raises(AlgorithmRefused):
        signatures.verify(parsed, RSA.public_key(), now=NOW)


@pytest.mark.parametrize("algorithm", ["rsa-sha512", "hs2019", "rsa-sha256"])
def test_SIG_9_sha_512_counts_only_where_it_is_named(algorithm):
    names = "(request-target) host date digest"
    signed = _by_hand(names, parameters=f'algorithm="{algorithm}"')
    string = cavage.signing_string(cavage.parse(signed), signed)
    value = RSA.sign(string.encode(), keys.PKCS1v15(), keys.SHA512())
    encoded = signatures.sending.base64.b64encode(value).decode()
    header = f'keyId="{KEY_ID}",algorithm="{algorithm}",headers="{names}",signature="{encoded}"'
    parsed = _parse(Request("POST", INBOX, (*signed.headers[:-1], ("Signature", header)), BODY))

    if algorithm == "rsa-sha256":
        with pytest.raises(BadSignature):
            signatures.verify(parsed, RSA.public_key(), now=NOW)
    else:
        assert signatures.verify(parsed, RSA.public_key(), now=NOW).form == "cavage"


@pytest.mark.parametrize("missing", ["(request-target)", "host", "digest", "date"])
def test_R_02_a_post_that_leaves_a_part_uncovered_is_refused(missing):
    names = [name for name in ("(request-target)", "host", "digest", "date") if name != missing]

    with pytest.raises(CoverageTooSmall) as refused:
        _parse(_by_hand(" ".join(names)))

    assert refused.value.facts["missing"] == [missing]
    assert refused.value.status == 401


@pytest.mark.parametrize("missing", ["(request-target)", "host", "date"])
def test_SIG_10_a_get_that_leaves_a_part_uncovered_is_refused(missing):
    names = [name for name in ("(request-target)", "host", "date") if name != missing]

    with pytest.raises(CoverageTooSmall):
        _parse(_by_hand(" ".join(names), method="GET", body=b"", Digest=None))


def test_SIG_10_a_signature_over_the_date_alone_is_refused():
    signed = _by_hand("date")
    header = signed.field("signature").replace('headers="date",', "")

    with pytest.raises(CoverageTooSmall):
        _parse(signed)
    with pytest.raises(CoverageTooSmall):
        _parse(Request("POST", INBOX, (*signed.headers[:-1], ("Signature", header)), BODY))


def test_SIG_10_a_name_without_a_value_is_refused():
    signed = _by_hand("(request-target) host date digest")
    header = signed.field("signature").replace("host date", "host x-other date")

    with pytest.raises(SignatureMalformed):
        _parse(Request("POST", INBOX, (*signed.headers[:-1], ("Signature", header)), BODY))


@pytest.mark.parametrize(
    ("digest", "body"),
    [
        pytest.param(None, BODY, id="none"),
        pytest.param("", BODY, id="empty"),
        pytest.param("MD5=Sd/dVLAcvNLSq16eXua5uQ==", BODY, id="MD5"),
        pytest.param(digest_header(sha256_base64(b"other")), BODY, id="of another body"),
    ],
)
@pytest.mark.parametrize("covered", ["(request-target) host date digest", "(request-target) host date"])
def test_R_01_a_post_without_a_right_digest_is_refused(covered, digest, body):
    if digest is None:
        covered = covered.removesuffix(" digest")

    with pytest.raises((DigestRefused, CoverageTooSmall)) as refused:
        _parse(_by_hand(covered, body=body, Digest=digest))

    assert refused.value.status == 401


def test_R_01_a_tampered_body_is_refused_with_and_without_a_new_digest():
    signed = _request()
    new_digest = tuple((n, digest_header(sha256_base64(b"{}")) if n == "Digest" else v) for n, v in signed.headers)

    with pytest.raises(DigestRefused):
        _parse(Request("POST", INBOX, signed.headers, b"{}"))
    with pytest.raises(BadSignature):
        signatures.verify(_parse(Request("POST", INBOX, new_digest, b"{}")), RSA.public_key(), now=NOW)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("hours", [-26, -12.01, 1.01, 26])
def test_R_03_outside_the_window_is_refused(hours, form):
    request = _request(form=form, now=NOW + timedelta(hours=hours))

    with pytest.raises(TimeRefused):
        _parse(request)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("hours", [-12, -1, 0, 1])
def test_SIG_12_inside_the_window_is_accepted(hours, form):
    parsed = _parse(_request(form=form, now=NOW + timedelta(hours=hours)))

    assert parsed.good_until == NOW + timedelta(hours=hours + 12)


@pytest.mark.parametrize("form", FORMS)
def test_SIG_12_the_window_can_be_narrowed(form):
    request = _request(form=form, now=NOW - timedelta(hours=2))

    assert _parse(request).form == form
    with pytest.raises(TimeRefused):
        _parse(request, max_age=timedelta(hours=1))


@pytest.mark.parametrize("form", FORMS)
def test_R_03_a_signature_that_expires_while_its_key_is_fetched_is_refused(form):
    parsed = _parse(_request(form=form))

    with pytest.raises(TimeRefused):
        signatures.verify(parsed, RSA.public_key(), now=parsed.good_until + timedelta(seconds=1))


@pytest.mark.parametrize(
    "date",
    ["", "garbage", "Sun, 31 Feb 2026 10:00:02 GMT", "2026-02-01T10:00:02Z", "Sun, 01 Feb 2026 10:00:02 +0000",
     "Sun, 01 Fev 2026 10:00:02 GMT", "Sun, 01 Feb 9999 10:00:02 GMT", "Sunday, 01-Feb-26 10:00:02 GMT"],
)  # fmt: skip
def test_R_03_an_unreadable_date_is_refused(date):
    with pytest.raises(TimeRefused):
        _parse(_by_hand("(request-target) host date digest", Date=date))


def _created(created, expires=None):
    stamp = f",expires={expires}" if expires is not None else ""
    names = (
        "(request-target) (created) host digest"
        if expires is None
        else "(request-target) (created) (expires) host digest"
    )
    return _by_hand(names, parameters=f'algorithm="hs2019",created={created}{stamp}', Date=None)


def test_SIG_10_created_stands_for_the_date():
    parsed = _parse(_created(int(NOW.timestamp())))

    assert signatures.verify(parsed, RSA.public_key(), now=NOW).form == "cavage"


@pytest.mark.parametrize("created", [0, 10**12, 10**14, int(NOW.timestamp()) - 50_000])
def test_R_03_a_wrong_created_is_refused(created):
    with pytest.raises(TimeRefused):
        _parse(_created(created))


def test_SIG_12_expires_is_honoured_with_an_hour_of_grace():
    start = int(NOW.timestamp())

    assert _parse(_created(start - 4000, start - 3600)).good_until == NOW
    with pytest.raises(TimeRefused):
        _parse(_created(start - 4000, start - 3601))
    with pytest.raises(TimeRefused):
        _parse(_by_hand_9421("@method @target-uri content-digest", expires=start - 3601))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "url", ["https://other.example/inbox", "https://a.example:8443/inbox", "https://a.example.evil/inbox"]
)
def test_SIG_11_a_request_for_another_host_is_refused(url, form):
    with pytest.raises(HostRefused) as refused:
        _parse(_request(url=url, form=form))

    assert refused.value.status == 401


@pytest.mark.parametrize("form", FORMS)
def test_SIG_11_a_foreign_host_header_is_refused_although_the_url_is_ours(form):
    signed = _request(form=form, url="https://other.example/inbox")

    with pytest.raises(HostRefused):
        _parse(Request("POST", INBOX, signed.headers, BODY))


@pytest.mark.parametrize("host", ["a.example", "A.Example", "a.example:443"])
def test_SIG_11_the_spelling_of_our_host_does_not_matter(host):
    request = _by_hand("(request-target) host date digest", Host=host, url=f"https://{host}/inbox")

    assert signatures.verify(_parse(request), RSA.public_key(), now=NOW).key_id == KEY_ID


@pytest.mark.parametrize("missing", ["@method", "@target-uri", "content-digest"])
def test_SIG_18_a_post_that_leaves_a_component_out_is_refused(missing):
    names = " ".join(name for name in ("@method", "@target-uri", "content-digest") if name != missing)

    with pytest.raises(CoverageTooSmall):
        _parse(_by_hand_9421(names))


@pytest.mark.parametrize(
    ("names", "url", "is_enough"),
    [
        ("@method @authority @path content-digest", INBOX, True),
        ("@method @authority @path @query content-digest", INBOX + "?a=1", True),
        ("@method @authority @path content-digest", INBOX + "?a=1", False),
        ("@method @path content-digest", INBOX, False),
        ("@method @authority content-digest", INBOX, False),
    ],
)
def test_SIG_18_authority_path_and_query_stand_for_the_target(names, url, is_enough):
    request = _by_hand_9421(names, url=url)

    if is_enough:
        assert signatures.verify(_parse(request), RSA.public_key(), now=NOW).form == "rfc9421"
    else:
        with pytest.raises(CoverageTooSmall):
            _parse(request)


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"created": None}, TimeRefused),
        ({"keyid": None}, SignatureMalformed),
        ({"keyid": ""}, SignatureMalformed),
        ({"keyid": 5}, SignatureMalformed),
        ({"created": "now"}, SignatureMalformed),
        ({"created": True}, SignatureMalformed),
        ({"alg": "hmac-sha256"}, AlgorithmRefused),
        ({"alg": "none"}, AlgorithmRefused),
    ],
    ids=str,
)
def test_SIG_18_and_20_parameters_that_are_missing_or_wrong_are_refused(params, refusal):
    with pytest.raises(refusal):
        _parse(_by_hand_9421("@method @target-uri content-digest", **params))


def test_SIG_18_the_nonce_is_handed_on():
    assert _parse(_by_hand_9421("@method @target-uri content-digest", nonce="n1", tag="x")).nonce == "n1"


@pytest.mark.parametrize("alg", ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512"])
def test_SIG_20_an_algorithm_must_fit_the_key(alg):
    parsed = _parse(_by_hand_9421("@method @target-uri content-digest", alg=alg))

    with pytest.raises((AlgorithmRefused, BadSignature)):
        signatures.verify(parsed, RSA.public_key(), now=NOW)


@pytest.mark.parametrize(
    "digest", ["", "md5=:Sd/dVLAcvNLSq16eXua5uQ==:", content_digest_header(sha256_base64(b"other")), "rubbish"]
)
def test_SIG_19_a_post_without_a_right_content_digest_is_refused(digest):
    names = "@method @target-uri" + (" content-digest" if digest else "")

    with pytest.raises(DigestRefused):
        _parse(_by_hand_9421(names, digest=digest))


def test_SIG_19_a_digest_header_beside_it_must_match_too():
    signed = _by_hand_9421("@method @target-uri content-digest")
    wrong = ("Digest", digest_header(sha256_base64(b"other")))

    with pytest.raises(DigestRefused):
        _parse(Request("POST", INBOX, (*signed.headers, wrong), BODY))


@pytest.mark.parametrize(
    "component",
    ['"@path";req', '"content-digest";bs', '"content-digest";sf', '"content-digest";key="sha-256"', '"@unknown"',
     '"@status"', "host",
     '"X-Upper"', '"x-missing"', "token", "5", '"@method"', '"@query-param"', '"@query-param";name="a"'],
)  # fmt: skip
def test_SIG_21_a_component_that_cannot_be_read_in_one_way_is_refused(component):
    signed = _by_hand_9421("@method @target-uri content-digest")
    value = signed.field("signature-input").replace(")", f" {component})", 1)
    headers = tuple((n, value if n == "Signature-Input" else v) for n, v in signed.headers)

    with pytest.raises(SignatureMalformed):
        _parse(Request("POST", INBOX, headers, BODY))


def test_SIG_17_of_several_signatures_the_first_that_passes_is_taken():
    good = _by_hand_9421("@method @target-uri content-digest")
    headers = tuple(
        (n, {"Signature-Input": f"weak=();created=1, {v}", "Signature": f"weak=:AAAA:, {v}"}.get(n, v))
        for n, v in good.headers
    )

    parsed = _parse(Request("POST", INBOX, headers, BODY))

    assert parsed.signature.label == "sig1"
    signatures.verify(parsed, RSA.public_key(), now=NOW)


@pytest.mark.parametrize("value", ["sig2=:AAAA:", "sig1=AAAA", "sig1=(:AAAA:)", "", "sig1=:AAAA:, sig1=:BBBB:"])
def test_SIG_17_a_label_without_its_signature_is_refused(value):
    signed = _by_hand_9421("@method @target-uri content-digest")
    headers = tuple((n, value if n == "Signature" else v) for n, v in signed.headers)

    with pytest.raises(SignatureMalformed):
        _parse(Request("POST", INBOX, headers, BODY))


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("https://A.example:443/Inbox?x=%2F", "a.example", "/Inbox?x=%2F"),
        ("http://a.localhost:8001", "a.localhost:8001", "/"),
        ("http://a.localhost:80?x", "a.localhost", "/?x"),
        ("https://a.example/?", "a.example", "/?"),
        ("https://a.example/x#main-key", "a.example", "/x"),
    ],
)
def test_SIG_2_the_target_keeps_every_byte_of_path_and_query(url, authority, target):
    parts = target_of(url)

    assert (parts.authority, parts.request_target()) == (authority, target)


def test_21_9_a_fragment_is_never_signed():
    request = _request("GET", INBOX + "#main-key", b"", form="rfc9421")

    parsed = _parse(Request("GET", INBOX, request.headers, b""))

    assert signatures.verify(parsed, RSA.public_key(), now=NOW).form == "rfc9421"
