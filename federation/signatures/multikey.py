"""Multikey: public keys as short text (FEP-521a, W3C Controlled Identifiers §2.2.2)."""

from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from federation.signatures.keys import PublicKey, acceptable
from federation.signatures.refusals import BadKey
from federation.vocabulary import same_origin

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_ED25519 = bytes.fromhex("ed01")
_RSA = bytes.fromhex("8524")
_LONGEST = 2048
MAX_ASSERTION_METHODS = 16


def encode_base58(data: bytes) -> str:
    """Base58 with Bitcoin's alphabet, without a multibase prefix."""
    number = int.from_bytes(data, "big")
    characters: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        characters.append(_ALPHABET[digit])
    leading = len(data) - len(data.lstrip(b"\0"))
    return _ALPHABET[0] * leading + "".join(reversed(characters))


def decode_base58(text: str) -> bytes:
    """Raises: ValueError when a character is not of the alphabet or the text is longer than any key."""
    if len(text) > _LONGEST:
        raise ValueError("too long")
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            raise ValueError("not base58")
        number = number * 58 + value
    leading = len(text) - len(text.lstrip(_ALPHABET[0]))
    return b"\0" * leading + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_key(key: RSAPublicKey | Ed25519PublicKey) -> str:
    """The `publicKeyMultibase` of a key."""
    if isinstance(key, RSAPublicKey):
        return "z" + encode_base58(_RSA + key.public_bytes(Encoding.DER, PublicFormat.PKCS1))
    return "z" + encode_base58(_ED25519 + key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def decode_key(text: str) -> PublicKey:
    """Read a `publicKeyMultibase` (PRF-5).

    Raises:
        BadKey: another base, another kind of key, rubbish, or a size outside the limits.
    """
    if not text.startswith("z"):
        raise BadKey(reason="multibase")
    try:
        data = decode_base58(text[1:])
        if data.startswith(_ED25519):
            return Ed25519PublicKey.from_public_bytes(data[2:])
        if data.startswith(_RSA):
            return acceptable(load_der_public_key(data[2:]))
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey(reason="unreadable") from None
    raise BadKey(reason="multicodec")


def assertion_keys(actor: Mapping[str, object]) -> dict[str, PublicKey]:
    """The keys an actor lists under `assertionMethod`, by id; entries that do not conform are passed over (PRF-5).

    A key counts only when it names the actor as its controller and its id is on the actor's origin.
    """
    owner = actor.get("id")
    listed = actor.get("assertionMethod")
    if not isinstance(owner, str):
        return {}
    found: dict[str, PublicKey] = {}
    for entry in (listed if isinstance(listed, list) else [listed])[:MAX_ASSERTION_METHODS]:
        if not isinstance(entry, dict) or entry.get("type") != "Multikey" or entry.get("controller") != owner:
            continue
        key_id, text = entry.get("id"), entry.get("publicKeyMultibase")
        if not isinstance(key_id, str) or not isinstance(text, str) or not same_origin(key_id, owner):
            continue
        try:
            found[key_id] = decode_key(text)
        except BadKey:
            continue
    return found
