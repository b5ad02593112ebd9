"""Who we are to push services (RFC 8292): one P-256 key for the whole instance, made on first need.

Its private half lies in the database, encrypted under a key derived from the instance's secret.
"""

import asyncio
import json
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.ext.asyncio import AsyncSession

from federation.push.encryption import encoded, point_of
from federation.sealing import KeyUnreadable, Seal
from models import pushes
from models.base import now
from models.database import Database
from models.tables import VapidKey

_PURPOSE = b"kontor push key 1"
_BOUND_TO = b"vapid 1"
LASTS = timedelta(hours=12)
"""How long a service may believe one token; at most a day (RFC 8292 §2)."""
_RENEWED_BEFORE = timedelta(hours=1)
_REMEMBERED = 500


class Vapid:
    """Our key, ready to vouch for us."""

    def __init__(self, private: EllipticCurvePrivateKey, subject: str) -> None:
        self.public = encoded(point_of(private))
        self._private = private
        self._subject = subject
        self._tokens: dict[str, tuple[str, datetime]] = {}

    def token(self, origin: str) -> str:
        """A JWT for the push service at `origin` (RFC 8292 §2); the same for some hours."""
        moment = now()
        known = self._tokens.get(origin)
        if known is not None and known[1] > moment:
            return known[0]
        if len(self._tokens) >= _REMEMBERED:
            self._tokens.clear()
        made = self._sign({"aud": origin, "exp": int((moment + LASTS).timestamp()), "sub": self._subject})
        self._tokens[origin] = made, moment + LASTS - _RENEWED_BEFORE
        return made

    def _sign(self, claims: dict[str, str | int]) -> str:
        head = _part({"typ": "JWT", "alg": "ES256"})
        text = f"{head}.{_part(claims)}"
        r, s = decode_dss_signature(self._private.sign(text.encode(), ECDSA(SHA256())))
        return f"{text}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"  # RFC 7518 §3.4


def _part(claims: dict[str, str] | dict[str, str | int]) -> str:
    return encoded(json.dumps(claims, separators=(",", ":")).encode())


class VapidKeys:
    """Finds or makes the key. `secret` has 32 random bytes and is kept outside the database."""

    def __init__(self, secret: bytes) -> None:
        self._seal = Seal(secret, purpose=_PURPOSE)
        self._known: Vapid | None = None
        self._turn = asyncio.Lock()

    async def ensure(self, database: Database) -> Vapid:
        """Our key, made when there is none yet; not to be called inside `writing()`.

        Raises:
            KeyUnreadable: it was stored under another secret.
        """
        if self._known is None:
            async with self._turn:
                if self._known is None:
                    self._known = Vapid(await self._find_or_make(database), f"{database.instance.base_url}/")
        return self._known

    async def _find_or_make(self, database: Database) -> EllipticCurvePrivateKey:
        async with database.reading() as session:
            row = await pushes.key(session)
        if row is None:
            async with database.writing() as session:
                await self._store(session, generate_private_key(SECP256R1()))
            async with database.reading() as session:
                row = await pushes.key(session)
            assert row is not None  # noqa: S101 - stored just now, by us or by a faster process
        return self._opened(row)

    async def _store(self, session: AsyncSession, private: EllipticCurvePrivateKey) -> None:
        sealed = self._seal.close(private, bound_to=_BOUND_TO)
        await pushes.keep_key(session, public=encoded(point_of(private)), private=sealed)

    def _opened(self, row: VapidKey) -> EllipticCurvePrivateKey:
        key = self._seal.open(row.private, bound_to=_BOUND_TO, name="vapid")
        if not isinstance(key, EllipticCurvePrivateKey):
            raise KeyUnreadable(key="vapid")
        return key
