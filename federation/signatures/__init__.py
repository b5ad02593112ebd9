"""Who sent these bytes: HTTP signatures in both forms, integrity proofs, keys. Pure code, time as an argument.

A received request is judged in two steps. `parse` does everything that needs no key (syntax, repeated headers,
coverage, host, time, digest), so that no forged rubbish makes us fetch one; it names the key. `verify` then asks the
key. `sign` makes the headers of a request of ours.
"""

from federation.signatures.digests import sha256_base64
from federation.signatures.keys import PrivateKey, PublicKey
from federation.signatures.messages import Form, Request
from federation.signatures.receiving import Parsed, Verified, is_signed, parse, verify
from federation.signatures.refusals import (
    AlgorithmRefused,
    BadKey,
    BadProof,
    BadSignature,
    CoverageTooSmall,
    DigestRefused,
    HeaderRepeated,
    HostRefused,
    SignatureMalformed,
    SignatureMissing,
    SignatureRefused,
    TimeRefused,
)
from federation.signatures.sending import sign
from federation.signatures.wishes import Wish, read_wish

__all__ = [
    "AlgorithmRefused",
    "BadKey",
    "BadProof",
    "BadSignature",
    "CoverageTooSmall",
    "DigestRefused",
    "Form",
    "HeaderRepeated",
    "HostRefused",
    "Parsed",
    "PrivateKey",
    "PublicKey",
    "Request",
    "SignatureMalformed",
    "SignatureMissing",
    "SignatureRefused",
    "TimeRefused",
    "Verified",
    "Wish",
    "is_signed",
    "parse",
    "read_wish",
    "sha256_base64",
    "sign",
    "verify",
]
