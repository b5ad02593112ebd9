import hashlib
import itertools
import json
import math
import struct
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation.signatures import BadProof, keys, multikey, proofs
from federation.signatures.jcs import NotCanonical, canonical, number
from tests.keys import rsa

VECTORS = Path(__file__).parents[2] / "wire/vectors"
JCS = json.loads((VECTORS / "jcs.json").read_text())
EDDSA = json.loads((VECTORS / "eddsa_jcs_2022.json").read_text())["cases"]
CREATE = EDDSA[1]
NOW = datetime(2023, 2, 24, 23, 40, tzinfo=UTC)


@pytest.mark.parametrize("case", JCS["documents"], ids=lambda case: case["id"])
def test_RFC_8785_published_documents_become_their_canonical_text(case):
    assert canonical(json.loads(case["input_json_text"])).hex() == case["canonical_utf8_hex"]


def test_RFC_8785_published_numbers_become_their_canonical_text():
    written = [[bits, number(struct.unpack(">d", bytes.fromhex(bits))[0])] for bits, _ in JCS["ieee754_to_text"]]

    assert len(written) == 168
    assert written == JCS["ieee754_to_text"]


def test_RFC_8785_the_published_sequence_of_numbers_is_written_to_its_checksum():
    """The numbers above, 2,000 neighbours, then whatever the chained hashes say: 10,000 lines in all."""
    digest = hashlib.sha256()
    sums = {}
    for count, bits in enumerate(itertools.islice(_sequence(), 10_000), 1):
        digest.update(f"{bits:x},{number(_double(bits))}\n".encode())
        if str(count) in JCS["sequence_sha256"]:
            sums[str(count)] = digest.hexdigest()

    assert sums == {count: JCS["sequence_sha256"][count] for count in ("1000", "10000")}


def _double(bits: int) -> float:
    (value,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    return value


def _sequence():
    yield from (int(bits, 16) for bits, _ in JCS["ieee754_to_text"])
    yield from range(0x0010000000000000, 0x0010000000000000 + 2000)
    block = bytes(32)
    while True:
        block = hashlib.sha256(block).digest()
        for bits in struct.unpack("<4Q", block):
            if math.isfinite(_double(bits)) and _double(bits) != 0:
                yield bits


def test_RFC_8785_integers_are_written_as_the_double_they_are():
    assert [number(value) for value in (0, -1, 2**53, 2**53 + 1, 10**21, 10**22, 2**70)] == [
        "0",
        "-1",
        "9007199254740992",
        "9007199254740992",
        "1e+21",
        "1e+22",
        "1.1805916207174113e+21",
    ]


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), "\ud800", {"\udc00": 1}, {1: 2}, {"a": b"bytes"}, 10**400], ids=repr
)
def test_RFC_8785_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical(value)


def _keys(case):
    seed = multikey.decode_base58(case["key"]["privateKeyMultibase"][1:])[2:]
    return Ed25519PrivateKey.from_private_bytes(seed), multikey.decode_key(case["key"]["publicKeyMultibase"])


@pytest.mark.parametrize("case", EDDSA, ids=lambda case: case["id"])
def test_PRF_1_published_proofs_are_made_byte_for_byte(case):
    private, _ = _keys(case)
    proof = case["signed"]["proof"]
    unsigned = {name: value for name, value in case["signed"].items() if name != "proof"}

    made = proofs.create(
        unsigned,
        verification_method=proof["verificationMethod"],
        private_key=private,
        now=datetime.fromisoformat(proof["created"]),
    )

    assert made == case["signed"]
    assert canonical(unsigned).decode() == case["document_canonical"]
    assert "proof" not in unsigned


def test_PRF_2_the_published_activity_verifies_with_the_key_its_actor_lists():
    proof = proofs.find(CREATE["signed"], now=NOW)
    key = multikey.assertion_keys(CREATE["actor"])[proof.verification_method]

    proofs.verify(proof, key)

    assert proof.owner == CREATE["actor"]["id"]


def test_PRF_2_the_published_credential_verifies():
    case = EDDSA[0]
    signed = case["signed"]
    proof = proofs.Proof(
        document={name: value for name, value in signed.items() if name != "proof"},
        config={name: value for name, value in signed["proof"].items() if name != "proofValue"},
        verification_method=signed["proof"]["verificationMethod"],
        owner=signed["issuer"],
        signature=multikey.decode_base58(signed["proof"]["proofValue"][1:]),
    )

    proofs.verify(proof, _keys(case)[1])
    with pytest.raises(BadProof):
        proofs.verify(proof, keys.generate_ed25519().public_key())


def _with_proof(**changes):
    signed = deepcopy(CREATE["signed"])
    for given, value in changes.items():
        name = "@context" if given == "context" else given
        if value is None:
            signed["proof"].pop(name)
        else:
            signed["proof"][name] = value
    return signed


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param({**CREATE["signed"], "summary": "added"}, id="member added"),
        pytest.param({**CREATE["signed"], "object": "https://server.example/objects/2"}, id="member changed"),
        pytest.param(_with_proof(created="2023-02-24T23:36:39Z"), id="proof changed"),
        pytest.param(_with_proof(proofValue="z" + multikey.encode_base58(b"\1" * 64)), id="another value"),
        pytest.param(_with_proof(proofValue="z2"), id="short value"),
    ],
)
def test_PRF_2_a_changed_document_or_proof_does_not_verify(signed):
    proof = proofs.find(signed, now=NOW)

    with pytest.raises(BadProof):
        proofs.verify(proof, _keys(CREATE)[1])


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param(_with_proof(proofPurpose="authentication"), id="another purpose"),
        pytest.param(_with_proof(type="Proof"), id="another type"),
        pytest.param(_with_proof(context="https://www.w3.org/ns/activitystreams"), id="another context"),
        pytest.param(_with_proof(verificationMethod="https://mallory.example/m#key"), id="key on another origin"),
        pytest.param(_with_proof(verificationMethod=None), id="no key"),
        pytest.param(_with_proof(proofValue=None), id="no value"),
        pytest.param(_with_proof(proofValue="u2HnFSSPP"), id="value in another base"),
        pytest.param(_with_proof(proofValue="z0OIl"), id="value that is no base58"),
        pytest.param(_with_proof(proofValue=["z2"]), id="value that is a list"),
        pytest.param(_with_proof(created="2023-02-26T00:00:00Z"), id="from the future"),
        pytest.param(_with_proof(created="yesterday"), id="unreadable time"),
        pytest.param(_with_proof(expires="2023-02-24T23:37:00Z"), id="expired"),
        pytest.param({**CREATE["signed"], "actor": ["https://server.example/users/alice"]}, id="actor is a list"),
        pytest.param({**CREATE["signed"], "proof": [CREATE["signed"]["proof"]] * 2}, id="two proofs"),
    ],
)
def test_PRF_2_a_proof_of_our_suite_that_breaks_a_rule_is_refused(signed):
    with pytest.raises(BadProof):
        proofs.find(signed, now=NOW)


@pytest.mark.parametrize(
    "proof", [None, "proof", [], {}, {"cryptosuite": "eddsa-rdfc-2022"}, [{"cryptosuite": 1}, 3]], ids=repr
)
def test_PRF_2_unknown_suites_are_ignored(proof):
    assert proofs.find({**CREATE["signed"], "proof": proof}, now=NOW) is None


def test_PRF_2_a_proof_without_context_takes_the_documents():
    proof = proofs.find(_with_proof(context=None), now=NOW)

    proofs.verify(proof, _keys(CREATE)[1])

    assert proof.config["@context"] == CREATE["signed"]["@context"]


def test_PRF_3_a_linked_data_signature_is_taken_off_and_never_made():
    with_both = {**CREATE["signed"], "signature": {"type": "RsaSignature2017", "signatureValue": "AAAA"}}
    private, public = _keys(CREATE)

    proofs.verify(proofs.find(with_both, now=NOW), public)

    made = proofs.create(
        with_both, verification_method="https://server.example/users/alice#k", private_key=private, now=NOW
    )
    assert "signature" not in made


def test_PRF_1_a_proof_of_ours_verifies_and_an_rsa_key_cannot():
    private = keys.generate_ed25519()
    note = {"@context": ["https://www.w3.org/ns/activitystreams"], "attributedTo": "https://a.example/u/1", "n": 1.5}
    made = proofs.create(note, verification_method="https://a.example/u/1#ed25519-key", private_key=private, now=NOW)
    proof = proofs.find(json.loads(json.dumps(made)), now=NOW)

    proofs.verify(proof, private.public_key())
    with pytest.raises(BadProof):
        proofs.verify(proof, rsa().public_key())
