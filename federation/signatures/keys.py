"""Reads, makes and writes key pairs, and signs and verifies bytes with them.

A key is parsed once: the loaders remember the last few thousand texts, so neither a fan-out nor a busy inbox parses PEM
again. Limits (R-08): RSA 2048 to 8192 bits with an exponent of 32 bits at most, Ed25519, P-256; PEM text of 8 kB.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from federation.signatures.refusals import AlgorithmRefused, BadKey, BadSignature, SignatureMalformed
from federation.signatures.structured import decode_base64

PublicKey = RSAPublicKey | Ed25519PublicKey | EllipticCurvePublicKey
PrivateKey = RSAPrivateKey | Ed25519PrivateKey

MAX_PEM = 8192
RSA_BITS = range(2048, 8193)
RSA_EXPONENTS = range(65537, 2**32)
_PEM = re.compile(r"-----BEGIN (?:RSA )?PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END (?:RSA )?PUBLIC KEY-----")

_PKCS1 = PKCS1v15()
_SHA256 = SHA256()
_SHA512 = SHA512()
_PSS = PSS(mgf=MGF1(SHA512()), salt_length=64)  # RFC 9421 §3.3.1
_ECDSA = ECDSA(SHA256())


@lru_cache(maxsize=8192)
def load_public_key(pem: str) -> PublicKey:
    """Read a peer's public key: SPKI or PKCS#1, with any line ends and blank lines (SIG-16).

    Raises:
        BadKey: rubbish, an unsupported kind, or a size outside the limits.
    """
    if len(pem) > MAX_PEM:
        raise BadKey(reason="too_long", length=len(pem))
    match = _PEM.fullmatch(pem.strip())
    if match is None:
        raise BadKey(reason="not_pem")
    try:
        der = decode_base64("".join(match[1].split()))
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm, SignatureMalformed):
        raise BadKey(reason="unreadable") from None
    return acceptable(key)


def acceptable(key: object) -> PublicKey:
    """Return the key when its kind and size are within the limits (R-08).

    Raises:
        BadKey: otherwise.
    """
    if isinstance(key, RSAPublicKey):
        if key.key_size not in RSA_BITS:
            raise BadKey(reason="rsa_bits", bits=key.key_size)
        if key.public_numbers().e not in RSA_EXPONENTS:
            raise BadKey(reason="rsa_exponent")
        return key
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    raise BadKey(reason="kind", kind=type(key).__name__)


@lru_cache(maxsize=1024)
def load_private_key(pem: str) -> PrivateKey:
    """Read one of our own private keys (unencrypted PKCS#8 or PKCS#1).

    Raises:
        BadKey: the text holds neither an RSA nor an Ed25519 private key.
    """
    try:
        key = load_pem_private_key(pem.encode("ascii"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey(reason="unreadable") from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise BadKey(reason="kind", kind=type(key).__name__)
    return key


def generate_rsa() -> RSAPrivateKey:
    """A new RSA key pair of 2048 bits; takes a good part of a second, so call it off the event loop."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def generate_ed25519() -> Ed25519PrivateKey:
    """A new Ed25519 key pair for integrity proofs."""
    return Ed25519PrivateKey.generate()


def public_pem(key: PublicKey | PrivateKey) -> str:
    """SPKI text as it stands in `publicKeyPem`."""
    public = key.public_key() if isinstance(key, RSAPrivateKey | Ed25519PrivateKey) else key
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def sign_bytes(key: PrivateKey, data: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256, or EdDSA: what peers expect of these keys (SIG-1, SIG-22)."""
    return key.sign(data, _PKCS1, _SHA256) if isinstance(key, RSAPrivateKey) else key.sign(data)


def verify_rsa_pkcs1(key: RSAPublicKey, signature: bytes, data: bytes, *, sha512: bool = False) -> None:
    """Raises: BadSignature when the signature is not of this key and these bytes."""
    _checked(lambda: key.verify(signature, data, _PKCS1, _SHA512 if sha512 else _SHA256))


def verify_ed25519(key: Ed25519PublicKey, signature: bytes, data: bytes) -> None:
    """Raises: BadSignature when the signature is not of this key and these bytes."""
    _checked(lambda: key.verify(signature, data))


def verify_named(key: PublicKey, algorithm: str | None, signature: bytes, data: bytes) -> None:
    """Verify with an algorithm of the RFC 9421 registry; without a name the key's kind decides (SIG-20).

    Raises:
        AlgorithmRefused: the name is not supported or does not fit the key.
        BadSignature: the signature is not of this key and these bytes.
    """
    if isinstance(key, RSAPublicKey) and algorithm in (None, "rsa-v1_5-sha256"):
        verify_rsa_pkcs1(key, signature, data)
    elif isinstance(key, RSAPublicKey) and algorithm == "rsa-pss-sha512":
        _checked(lambda: key.verify(signature, data, _PSS, _SHA512))
    elif isinstance(key, Ed25519PublicKey) and algorithm in (None, "ed25519"):
        verify_ed25519(key, signature, data)
    elif isinstance(key, EllipticCurvePublicKey) and algorithm in (None, "ecdsa-p256-sha256"):
        if len(signature) != 64:
            raise BadSignature
        half = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        _checked(lambda: key.verify(half, data, _ECDSA))
    else:
        raise AlgorithmRefused(algorithm=algorithm, key=type(key).__name__)


def _checked(verify: Callable[[], None]) -> None:
    try:
        verify()
    except InvalidSignature:
        raise BadSignature from None
