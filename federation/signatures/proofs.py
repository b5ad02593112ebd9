"""Integrity proofs inside a document: eddsa-jcs-2022 (FEP-8b32, W3C VC Data Integrity EdDSA §3.3).

The signed bytes are two hashes: of the canonical proof without its value, then of the canonical document without its
proof. Linked-Data signatures (`signature`) are neither made nor looked at (PRF-3, R-09).
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from federation.signatures import keys, multikey
from federation.signatures.clock import MAX_FUTURE
from federation.signatures.jcs import NotCanonical, canonical
from federation.signatures.keys import PublicKey
from federation.signatures.refusals import BadProof, BadSignature
from federation.vocabulary import same_origin

CRYPTOSUITE = "eddsa-jcs-2022"
Document = dict[str, object]


class Proof(Struct, frozen=True):
    """A proof that is worth checking: well-formed, of our cryptosuite, by the document's own actor."""

    document: Mapping[str, object]
    config: Mapping[str, object]
    verification_method: str
    owner: str
    signature: bytes


def create(
    document: Mapping[str, object], *, verification_method: str, private_key: Ed25519PrivateKey, now: datetime
) -> Document:
    """A copy of the document with a proof by the key `verification_method` (PRF-1); an older proof is dropped."""
    unsigned = _without(document, "proof", "signature")
    config: Document = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
        "created": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if "@context" in unsigned:
        config["@context"] = unsigned["@context"]
    value = "z" + multikey.encode_base58(private_key.sign(_hashes(config, unsigned)))
    return {**unsigned, "proof": {**config, "proofValue": value}}


def find(document: Mapping[str, object], *, now: datetime) -> Proof | None:
    """The document's proof, or None when it has none of our cryptosuite (those are ignored, PRF-2).

    Raises:
        BadProof: there is one, and it is malformed, for another purpose, of another actor, expired or not alone.
    """
    listed = document.get("proof")
    ours = [
        proof
        for proof in (listed if isinstance(listed, list) else [listed])
        if isinstance(proof, dict) and proof.get("cryptosuite") == CRYPTOSUITE
    ]
    if not ours:
        return None
    if len(ours) > 1:
        raise BadProof(reason="several")
    return _read(document, ours[0], now)


def _read(document: Mapping[str, object], proof: Document, now: datetime) -> Proof:
    if proof.get("type") != "DataIntegrityProof" or proof.get("proofPurpose") != "assertionMethod":
        raise BadProof(reason="type_or_purpose")
    context = document.get("@context")
    if "@context" in proof and proof["@context"] != context:
        raise BadProof(reason="context")
    method, value = proof.get("verificationMethod"), proof.get("proofValue")
    owner = document.get("actor") if "actor" in document else document.get("attributedTo")
    if owner is None and "assertionMethod" in document:  # an actor speaks for itself
        owner = document.get("id")
    if not isinstance(method, str) or not isinstance(owner, str) or not same_origin(method, owner):
        raise BadProof(reason="owner")
    if not isinstance(value, str) or not value.startswith("z"):
        raise BadProof(reason="value")
    try:
        signature = multikey.decode_base58(value[1:])
    except ValueError:
        raise BadProof(reason="value") from None
    _check_times(proof, now)
    config = _without(proof, "proofValue")
    if context is not None:
        config["@context"] = context
    return Proof(_without(document, "proof", "signature"), config, method, owner, signature)


def _check_times(proof: Document, now: datetime) -> None:
    """`created` is not ahead of us, `expires` has not passed; a proof does not age otherwise."""
    for name in ("created", "expires"):
        text = proof.get(name)
        if text is None:
            continue
        try:
            moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise BadProof(reason="time", member=name)
        if (moment > now + MAX_FUTURE) if name == "created" else (moment < now):
            raise BadProof(reason=f"{name}_out_of_range")


def verify(proof: Proof, public_key: PublicKey) -> None:
    """Ask the key, which is the one that `multikey.assertion_keys` finds for `verification_method` in `proof.owner`.

    Raises:
        BadProof: the proof is not of this key and this document.
    """
    if not isinstance(public_key, Ed25519PublicKey):
        raise BadProof(reason="key")
    try:
        keys.verify_ed25519(public_key, proof.signature, _hashes(proof.config, proof.document))
    except (BadSignature, NotCanonical):
        raise BadProof(reason="signature", verification_method=proof.verification_method) from None


def _hashes(config: Mapping[str, object], document: Mapping[str, object]) -> bytes:
    return hashlib.sha256(canonical(config)).digest() + hashlib.sha256(canonical(document)).digest()


def _without(document: Mapping[str, object], *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in names}
