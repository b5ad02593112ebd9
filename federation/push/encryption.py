"""Encrypts a message for one app: RFC 8291 in the coding aes128gcm (RFC 8188), or the draft before it.

Pure: bytes in, bytes and headers out. Each message has a key pair and a salt of its own.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct, field

from federation.errors import ProtocolError

_RECORD = 4_096
_POINT_BYTES = 65
_AUTH_BYTES = 16
_SALT_BYTES = 16


class BadSubscriber(ProtocolError):
    """These are no keys of a push subscription."""

    code = "bad_subscriber"
    status = 422


class Subscriber(Struct, frozen=True):
    """For whom a message is: the app's public point and its secret, both as bytes."""

    point: bytes
    auth: bytes

    @classmethod
    def parse(cls, p256dh: str, auth: str) -> "Subscriber":
        """Read both as apps send them, in base64 of either alphabet. Raises BadSubscriber."""
        point, secret = decoded(p256dh), decoded(auth)
        if len(point) != _POINT_BYTES or len(secret) != _AUTH_BYTES:
            raise BadSubscriber(reason="length")
        _public(point)
        return cls(point, secret)


class Ephemeral(Struct, frozen=True):
    """What makes one message unlike any other."""

    private: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(_SALT_BYTES))

    @property
    def point(self) -> bytes:
        return point_of(self.private)


class Sealed(Struct, frozen=True):
    """An encrypted message with the headers that say how."""

    body: bytes
    headers: Mapping[str, str]


def seal(message: bytes, to: Subscriber, own: Ephemeral) -> Sealed:
    """As RFC 8291 §3.4 has it: one record, the sender's point in its header."""
    shared = own.private.exchange(ECDH(), _public(to.point))
    secret = _derived(shared, to.auth, b"WebPush: info\0" + to.point + own.point, 32)
    key = _derived(secret, own.salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, own.salt, b"Content-Encoding: nonce\0", 12)
    head = own.salt + _RECORD.to_bytes(4) + bytes([len(own.point)]) + own.point  # RFC 8188 §2.1
    return Sealed(head + AESGCM(key).encrypt(nonce, message + b"\x02", None), {"Content-Encoding": "aes128gcm"})


def seal_as_drafted(message: bytes, to: Subscriber, own: Ephemeral) -> Sealed:
    """For apps from before the RFC (draft-ietf-webpush-encryption-04): point and salt travel in headers."""
    shared = own.private.exchange(ECDH(), _public(to.point))
    secret = _derived(shared, to.auth, b"Content-Encoding: auth\0", 32)
    sizes = len(to.point).to_bytes(2), len(own.point).to_bytes(2)
    context = b"P-256\0" + sizes[0] + to.point + sizes[1] + own.point
    key = _derived(secret, own.salt, b"Content-Encoding: aesgcm\0" + context, 16)
    nonce = _derived(secret, own.salt, b"Content-Encoding: nonce\0" + context, 12)
    headers = {
        "Content-Encoding": "aesgcm",
        "Encryption": f"salt={encoded(own.salt)}",
        "Crypto-Key": f"dh={encoded(own.point)}",
    }
    return Sealed(AESGCM(key).encrypt(nonce, b"\0\0" + message, None), headers)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(secret)


def _public(point: bytes) -> EllipticCurvePublicKey:
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        raise BadSubscriber(reason="point") from None


def point_of(private: EllipticCurvePrivateKey) -> bytes:
    """The public half, uncompressed."""
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Either base64 alphabet, with padding or without. Raises BadSubscriber."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    if len(plain) > 200:
        raise BadSubscriber(reason="length")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadSubscriber(reason="base64") from None
