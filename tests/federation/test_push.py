"""What is pushed can be read by the app it is for, and by nobody else; and services believe that it is us."""

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from federation.push import VapidKeys
from federation.push.encryption import (
    BadSubscriber,
    Ephemeral,
    Subscriber,
    decoded,
    encoded,
    point_of,
    seal,
    seal_as_drafted,
)
from federation.sealing import KeyUnreadable
from models.base import now
from tests.world import World

# RFC 8291 §5 and appendix A
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RECEIVER_POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(text: str) -> EllipticCurvePrivateKey:
    return derive_private_key(int.from_bytes(decoded(text)), SECP256R1())


class App:
    """An app that asked to be told: it has the keys, and reads what comes."""

    def __init__(self, key: EllipticCurvePrivateKey | None = None, auth: bytes = b"0123456789abcdef") -> None:
        self.key = key or generate_private_key(SECP256R1())
        self.auth = auth
        self.point = point_of(self.key)

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": encoded(self.point), "auth": encoded(self.auth)}

    def reads(self, body: bytes) -> bytes:
        """Open a message in the coding aes128gcm (RFC 8188 §2)."""
        salt, size = body[:16], body[20]
        point, sealed = body[21 : 21 + size], body[21 + size :]
        secret = self._derived(self._shared(point), self.auth, b"WebPush: info\0" + self.point + point, 32)
        key = self._derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = self._derived(secret, salt, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(key).decrypt(nonce, sealed, None)
        return padded.rstrip(b"\0")[:-1]

    def reads_draft(self, body: bytes, headers: Any) -> bytes:
        """Open a message of the draft, whose salt and point are in headers."""
        salt = decoded(headers["Encryption"].removeprefix("salt="))
        point = decoded(headers["Crypto-Key"].partition(";")[0].removeprefix("dh="))
        secret = self._derived(self._shared(point), self.auth, b"Content-Encoding: auth\0", 32)
        context = b"P-256\0\0\x41" + self.point + b"\0\x41" + point
        key = self._derived(secret, salt, b"Content-Encoding: aesgcm\0" + context, 16)
        nonce = self._derived(secret, salt, b"Content-Encoding: nonce\0" + context, 12)
        return AESGCM(key).decrypt(nonce, body, None)[2:]

    def _shared(self, point: bytes) -> bytes:
        return self.key.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point))

    @staticmethod
    def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt=salt, info=info).derive(secret)


def claims_of(token: str, public: str) -> dict[str, Any]:
    """What a JWT says, if `public` signed it (RFC 7515, RFC 7518 §3.4). Raises InvalidSignature."""
    head, body, signature = token.split(".")
    raw = decoded(signature)
    signed = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), decoded(public))
    key.verify(signed, f"{head}.{body}".encode(), ECDSA(SHA256()))
    assert json.loads(decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def test_the_example_of_RFC_8291() -> None:
    to = Subscriber.parse(RECEIVER_POINT, AUTH)
    made = seal(PLAIN, to, Ephemeral(private(SENDER), decoded(SALT)))

    assert encoded(made.body) == SEALED
    assert App(private(RECEIVER), decoded(AUTH)).reads(made.body) == PLAIN


def test_what_is_sealed_for_one_app_is_read_by_no_other() -> None:
    app, other = App(), App()
    to = Subscriber(app.point, app.auth)
    new, old = seal(PLAIN, to, Ephemeral()), seal_as_drafted(PLAIN, to, Ephemeral())

    assert app.reads(new.body) == PLAIN
    assert app.reads_draft(old.body, old.headers) == PLAIN
    assert seal(PLAIN, to, Ephemeral()).body != new.body
    with pytest.raises(InvalidTag):
        other.reads(new.body)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [("", ""), (RECEIVER_POINT, ""), (RECEIVER_POINT, AUTH + "AAAA"), ("A" * 87, AUTH), ("é", AUTH), ("x" * 300, AUTH)],
)
def test_what_are_no_keys_is_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(BadSubscriber):
        Subscriber.parse(p256dh, auth)


async def test_our_key_is_made_once_kept_encrypted_and_signs_for_one_service(world: World) -> None:
    mine = VapidKeys(b"k" * 32)
    vapid = await mine.ensure(world.database)
    again = await VapidKeys(b"k" * 32).ensure(world.database)
    token = vapid.token("https://push.example")
    claims = claims_of(token, again.public)

    assert again.public == vapid.public
    assert (claims["aud"], claims["sub"]) == ("https://push.example", f"{world.database.instance.base_url}/")
    assert 0 < claims["exp"] - now().timestamp() < 86_400
    assert vapid.token("https://push.example") == token
    assert vapid.token("https://other.example") != token
    with pytest.raises(InvalidSignature):
        claims_of(token, encoded(App().point))
    with pytest.raises(KeyUnreadable):
        await VapidKeys(b"x" * 32).ensure(world.database)
