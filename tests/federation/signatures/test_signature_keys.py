import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from federation.signatures import BadKey, BadSignature, keys, multikey

VECTORS = Path(__file__).parents[2] / "wire/vectors"
RFC_KEYS = json.loads((VECTORS / "rfc9421.json").read_text())["keys"]
MULTIKEYS = json.loads((VECTORS / "multikey.json").read_text())
RSA = RFC_KEYS["test-key-rsa"]


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(RSA["public_spki_pem"], id="SPKI"),
        pytest.param(RSA["public_pem"], id="PKCS1"),
        pytest.param(RSA["public_spki_pem"].replace("\n", "\r\n"), id="CRLF"),
        pytest.param(RSA["public_spki_pem"].rstrip("\n"), id="no final newline"),
        pytest.param("\n\n" + RSA["public_spki_pem"].replace("\n", "\n\n"), id="blank lines"),
        pytest.param(RSA["public_pem"].replace("RSA PUBLIC", "PUBLIC"), id="PKCS1 under the label of SPKI"),
        pytest.param(RSA["public_spki_pem"].replace("\n", " "), id="spaces for newlines"),
    ],
)
def test_SIG_16_the_ways_peers_write_a_key_give_the_same_key(pem):
    assert keys.public_pem(keys.load_public_key(pem)) == RSA["public_spki_pem"]


def test_SIG_20_ed25519_and_p256_keys_are_read():
    for name in ("test-key-ed25519", "test-key-ecc-p256"):
        assert keys.public_pem(keys.load_public_key(RFC_KEYS[name]["public_pem"])) == RFC_KEYS[name]["public_pem"]


def _public(private):
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _rsa_numbers(e, n):
    key = rsa.RSAPublicNumbers(e, n).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda: _public(rsa.generate_private_key(65537, 1024)), "rsa_bits", id="1024 bit"),  # noqa: S505
        pytest.param(lambda: _rsa_numbers(65537, 2**16383 + 1), "rsa_bits", id="16384 bit"),
        pytest.param(lambda: _rsa_numbers(2**33 + 1, 2**2047 + 1), "rsa_exponent", id="exponent of 34 bit"),
        pytest.param(lambda: _rsa_numbers(3, 2**2047 + 1), "rsa_exponent", id="exponent 3"),
        pytest.param(lambda: _public(ec.generate_private_key(ec.SECP384R1())), "kind", id="P-384"),
        pytest.param(lambda: "", "not_pem", id="nothing"),
        pytest.param(lambda: "junk", "not_pem", id="junk"),
        pytest.param(lambda: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "unreadable", id="no DER"),
        pytest.param(lambda: "-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----", "unreadable", id="no base64"),
        pytest.param(lambda: RSA["private_pem"], "not_pem", id="a private key"),
        pytest.param(lambda: RSA["public_spki_pem"] * 2, "not_pem", id="two keys"),
        pytest.param(lambda: RSA["public_spki_pem"] + " " * 9000, "too_long", id="more than 8 kB"),
    ],
)
def test_R_08_a_key_outside_the_limits_is_refused(make, reason):
    with pytest.raises(BadKey) as refused:
        keys.load_public_key(make())

    assert refused.value.facts["reason"] == reason


def test_R_08_a_multikey_outside_the_limits_is_refused():
    der = rsa.generate_private_key(65537, 1024).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)  # noqa: S505

    with pytest.raises(BadKey):
        multikey.decode_key("z" + multikey.encode_base58(bytes.fromhex("8524") + der))


def test_a_key_text_is_parsed_once():
    assert keys.load_public_key(RSA["public_spki_pem"]) is keys.load_public_key(RSA["public_spki_pem"])
    assert keys.load_private_key(RSA["private_pem"]) is keys.load_private_key(RSA["private_pem"])


def _pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_new_keys_sign_and_survive_being_written():
    for private in (keys.generate_rsa(), keys.generate_ed25519()):
        signature = keys.sign_bytes(keys.load_private_key(_pem(private)), b"data")
        public = keys.load_public_key(keys.public_pem(private))

        keys.verify_named(public, None, signature, b"data")
        with pytest.raises(BadSignature):
            keys.verify_named(public, None, signature, b"date")


@pytest.mark.parametrize("pem", ["", "junk", RFC_KEYS["test-key-ecc-p256"]["private_pem"], RSA["public_spki_pem"]])
def test_a_private_key_of_ours_is_rsa_or_ed25519(pem):
    with pytest.raises(BadKey):
        keys.load_private_key(pem)


@pytest.mark.parametrize("case", MULTIKEYS["keys"], ids=lambda case: case["id"])
def test_PRF_5_published_multikeys_are_read_and_written(case):
    text = case.get("publicKeyMultibase") or case["multikey"]["publicKeyMultibase"]
    key = multikey.decode_key(text)
    rsa_key = isinstance(key, rsa.RSAPublicKey)
    form = (Encoding.DER, PublicFormat.PKCS1) if rsa_key else (Encoding.Raw, PublicFormat.Raw)

    assert key.public_bytes(*form).hex() == case["public_key_hex"]
    assert multikey.encode_key(key) == text


@pytest.mark.parametrize(
    "text", [MULTIKEYS["negative"][0]["publicKeyMultibase"], "", "z", "z0OIl", "zz", "z" + "2" * 5000]
)
def test_PRF_5_text_that_is_no_multikey_is_refused(text):
    with pytest.raises(BadKey):
        multikey.decode_key(text)


def test_PRF_5_entries_that_do_not_conform_are_passed_over():
    good = MULTIKEYS["keys"][0]["multikey"]
    actor = {"id": good["controller"]}
    bad = [
        MULTIKEYS["negative"][1]["assertionMethod"],
        {**good, "controller": "https://mallory.example/users/m"},
        {**good, "id": "https://mallory.example/users/m#key"},
        {**good, "type": "Key"},
        {**good, "publicKeyMultibase": good["publicKeyMultibase"][1:]},
        {**good, "publicKeyMultibase": 5},
        {**good, "id": None},
        None,
        7,
    ]

    assert list(multikey.assertion_keys({**actor, "assertionMethod": [*bad, good]})) == [good["id"]]
    assert list(multikey.assertion_keys({**actor, "assertionMethod": good})) == [good["id"]]
    for entry in bad:
        assert multikey.assertion_keys({**actor, "assertionMethod": entry}) == {}
    assert multikey.assertion_keys({"assertionMethod": good}) == {}
