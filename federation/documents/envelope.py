"""Completes a document for the wire: its context from the terms it uses, its bytes, its integrity proof."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from federation.keys import OwnKeys
from federation.signatures import proofs
from federation.vocabulary import Document, context
from federation.vocabulary.terms import TERMS

_PROOF_TERMS = ("DataIntegrityProof", "cryptosuite", "proof", "proofPurpose", "proofValue", "verificationMethod")
_KNOWN = frozenset(TERMS)


def with_context(document: Document, *, is_proven: bool = False) -> Document:
    """The document with its `@context` in front, naming the terms it uses and no others."""
    used = set(_terms(document)) & _KNOWN
    if is_proven:
        used.update(_PROOF_TERMS)
    return {"@context": context(used), **{name: value for name, value in document.items() if name != "@context"}}


def _terms(value: object) -> Iterator[str]:
    """Member names and types anywhere in it, but not inside an embedded document that has its own context."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            if name == "type" and isinstance(member, str):
                yield member
            elif not (isinstance(member, dict) and "@context" in member):
                yield from _terms(member)
    elif isinstance(value, list):
        for item in value:
            yield from _terms(item)


def proven(document: Document, *, by: OwnKeys, at: datetime) -> Document:
    """The document with context and an integrity proof of its actor (PRF-1)."""
    return proofs.create(
        with_context(document, is_proven=True),
        verification_method=by.ed25519_id,
        private_key=by.ed25519_private,
        now=at,
    )


def encode(document: Document) -> bytes:
    """The bytes to send; a `msgspec.Raw` inside goes out exactly as it is."""
    return msgspec.json.encode(document)
