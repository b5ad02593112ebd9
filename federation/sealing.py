"""Private keys as they lie in the database: encrypted under what is derived from the instance's secret (SIG-31).

Each is bound to its place, so that what was stored for one can not be put into another's.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization import load_der_private_key as load

from federation.errors import ProtocolError

SECRET_BYTES = 32
_NONCE_BYTES = 12


class KeyUnreadable(ProtocolError):
    """A private key of this server cannot be decrypted: the secret is not the one it was stored with."""

    code = "key_unreadable"
    status = 500


class Seal:
    """Closes and opens private keys. `secret` has 32 random bytes; each purpose has a cipher of its own."""

    def __init__(self, secret: bytes, *, purpose: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError("the secret for private keys has 32 bytes")
        self._cipher = ChaCha20Poly1305(HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret))

    def close(self, key: PrivateKeyTypes, *, bound_to: bytes) -> bytes:
        """What may be stored."""
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, bound_to)

    def open(self, sealed: bytes, *, bound_to: bytes, name: str) -> PrivateKeyTypes:
        """The key again. Raises KeyUnreadable, which says its `name`: another secret, another place, or changed."""
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            raise KeyUnreadable(key=name) from None
        # what the cipher let through is what we wrote: checking RSA's numbers again would cost 50 ms for each key
        return load(plain, password=None, unsafe_skip_rsa_key_validation=True)
