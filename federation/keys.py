"""Our own key pairs: made on first need, encrypted at rest, parsed once, and never shown to anybody (SIG-31).

Every actor of ours has two: RSA, which signs requests, and Ed25519, which signs the integrity proofs inside activities.
The private halves lie sealed in the database, each bound to its row.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.sealing import KeyUnreadable, Seal
from federation.signatures import PublicKey, Wish, sha256_base64, sign
from federation.signatures import keys as pairs
from federation.signatures.messages import Form
from federation.signatures.multikey import decode_key, encode_key
from federation.signatures.sending import Unsigned, unsigned
from models import actors
from models.base import insert_into, new_id, now
from models.database import Database
from models.tables import Actor, Key, KeyKind

RSA_FRAGMENT = "#main-key"
ED25519_FRAGMENT = "#ed25519-key"
_PURPOSE = b"kontor private keys 1"
_CACHED = 4096
_REMEMBERED = timedelta(minutes=5)
"""After that a process looks whether another one has changed an actor's keys."""
SHOWN_AFTERWARDS = timedelta(hours=24)
"""How long a key that signs no more is still published: so long others may remember it (SIG-28)."""
_OF_NOTHING = sha256_base64(b"")


class OwnKeys(Struct, frozen=True):
    """Both pairs of one actor of ours, ready to sign; the ids are the keyIds on the wire.

    `others` are keys that are published beside them (id and multibase text): the next ones and those used until lately.
    `former` is the RSA pair that signed before these, for as long as others may know no newer one (`rotation`).
    """

    rsa_id: str
    rsa_private: RSAPrivateKey
    rsa_public_pem: str
    ed25519_id: str
    ed25519_private: Ed25519PrivateKey
    ed25519_multibase: str
    others: tuple[tuple[str, str], ...] = ()
    former: tuple[str, RSAPrivateKey] | None = None


class Signer(Struct, frozen=True):
    """Signs requests as one actor of ours, each time anew; give it to `Fetcher.get` as `signer`.

    `digest`, `with_query` and `wish` are about GETs, see `signatures.sign`.
    """

    keys: OwnKeys
    form: Form = "cavage"
    clock: Callable[[], datetime] = now
    digest: bool = False
    with_query: bool = True
    wish: Wish | None = None

    def before_rotation(self) -> "Signer":
        """Signs with the key that others know still, where there is one; for the news that there is another."""
        if self.keys.former is None:
            return self
        rsa_id, rsa_private = self.keys.former
        return replace(self, keys=replace(self.keys, rsa_id=rsa_id, rsa_private=rsa_private))

    def __call__(self, method: str, url: str, *, accept: str) -> Mapping[str, str]:
        return sign(
            method,
            url,
            key_id=self.keys.rsa_id,
            private_key=self.keys.rsa_private,
            now=self.clock(),
            form=self.form,
            accept=accept,
            sha256=_OF_NOTHING if self.digest else None,
            with_query=self.with_query,
            wish=self.wish,
        )

    def delivery(
        self,
        url: str,
        body: bytes,
        *,
        sha256: str,
        form: Form = "cavage",
        also: Mapping[str, str] | None = None,
        wish: Wish | None = None,
    ) -> dict[str, str]:
        """The headers of a POST; `sha256` is `signatures.sha256_base64(body)`, made once for all inboxes.

        Headers in `also` are sent and signed.
        """
        request = self.unsigned_delivery(url, body, sha256=sha256, form=form, also=also, wish=wish)
        return request.complete(pairs.sign_bytes(self.keys.rsa_private, request.data))

    def unsigned_delivery(
        self,
        url: str,
        body: bytes,
        *,
        sha256: str,
        form: Form = "cavage",
        also: Mapping[str, str] | None = None,
        wish: Wish | None = None,
    ) -> Unsigned:
        """The same for whoever has `keys.rsa_private` sign it elsewhere."""
        return unsigned(
            "POST",
            url,
            body,
            key_id=self.keys.rsa_id,
            private_key=self.keys.rsa_private,
            now=self.clock(),
            form=form,
            sha256=sha256,
            also=also,
            wish=wish,
        )


class KeyRing:
    """Finds or makes the keys of our actors. `secret` has 32 random bytes and is kept outside the database."""

    def __init__(self, secret: bytes) -> None:
        self._seal = Seal(secret, purpose=_PURPOSE)
        self._known: OrderedDict[int, tuple[OwnKeys, datetime]] = OrderedDict()
        self._turns: dict[int, asyncio.Lock] = {}
        self._instance_actor_id: int | None = None

    async def ensure(self, database: Database, actor_id: int) -> OwnKeys:
        """The keys of an actor of ours, made when there are none yet; not to be called inside `writing()`.

        Raises:
            KeyUnreadable: they were stored under another secret.
        """
        known = self._remembered(actor_id)
        if known is not None:
            return known
        async with self._turns.setdefault(actor_id, asyncio.Lock()):
            known = self._remembered(actor_id)
            if known is None:
                known = await self._find_or_make(database, actor_id)
        self._turns.pop(actor_id, None)
        return known

    async def _find_or_make(self, database: Database, actor_id: int) -> OwnKeys:
        async with database.reading() as session:
            found = await self._find(session, actor_id)
        if found is None:
            made = await self.cut()
            async with database.writing() as session:
                await self._store(session, actor_id, made)
            async with database.reading() as session:
                found = await self._find(session, actor_id)
        assert found is not None  # noqa: S101 - stored just now, by us or by a faster process
        return self._remember(actor_id, found)

    async def ensure_in(self, session: AsyncSession, actor_id: int) -> OwnKeys:
        """The same inside a transaction that is open already; new keys become durable with its commit."""
        known = self._remembered(actor_id)
        if known is not None:
            return known
        found = await self._find(session, actor_id)
        if found is None:
            await self._store(session, actor_id, await self.cut())
            found = await self._find(session, actor_id)
            assert found is not None  # noqa: S101 - stored just now
            return found  # not remembered: the transaction may yet be rolled back
        return self._remember(actor_id, found)

    async def signer(self, database: Database, actor_id: int) -> Signer:
        """Signs as this actor of ours."""
        return Signer(await self.ensure(database, actor_id))

    async def instance_signer(self, database: Database) -> Signer:
        """Signs as the server itself, for whatever nobody in particular asks (DISC-16)."""
        if self._instance_actor_id is None:
            async with database.writing() as session:
                self._instance_actor_id = (await actors.instance_actor(session)).id
        return await self.signer(database, self._instance_actor_id)

    def forget(self, actor_id: int) -> None:
        """Read an actor's keys anew when they are needed next."""
        self._known.pop(actor_id, None)

    def _remembered(self, actor_id: int) -> OwnKeys | None:
        known = self._known.get(actor_id)
        if known is None or known[1] < now():
            return None
        self._known.move_to_end(actor_id)
        return known[0]

    def _remember(self, actor_id: int, keys: OwnKeys) -> OwnKeys:
        self._known[actor_id] = (keys, now() + _REMEMBERED)
        if len(self._known) > _CACHED:
            self._known.popitem(last=False)
        return keys

    async def _find(self, session: AsyncSession, actor_id: int) -> OwnKeys | None:
        rows = await session.scalars(
            select(Key)
            .where(
                Key.actor_id == actor_id,
                Key.private.is_not(None),
                or_(Key.retired_at.is_(None), Key.retired_at > now() - SHOWN_AFTERWARDS),
            )
            .order_by(Key.id)
        )
        found = rows.all()
        signing: dict[KeyKind, Key] = {}
        for row in found:  # the oldest that is not retired signs, until `rotation` retires it
            if row.retired_at is None:
                signing.setdefault(row.kind, row)
        rsa, ed25519 = signing.get(KeyKind.RSA), signing.get(KeyKind.ED25519)
        if rsa is None or ed25519 is None:
            return None
        return self._read(rsa, ed25519, [row for row in found if row not in (rsa, ed25519)])

    def _read(self, rsa: Key, ed25519: Key, others: Sequence[Key]) -> OwnKeys:
        rsa_private, ed25519_private = self._decrypt(rsa), self._decrypt(ed25519)
        if not isinstance(rsa_private, RSAPrivateKey) or not isinstance(ed25519_private, Ed25519PrivateKey):
            raise KeyUnreadable(reason="kind")
        retired = [row for row in others if row.kind is KeyKind.RSA and row.retired_at is not None]
        former = self._decrypt(retired[-1]) if retired else None
        return OwnKeys(
            rsa_id=rsa.uri,
            rsa_private=rsa_private,
            rsa_public_pem=rsa.public,
            ed25519_id=ed25519.uri,
            ed25519_private=ed25519_private,
            ed25519_multibase=ed25519.public,
            others=tuple((row.uri, _multibase(row)) for row in others),
            former=(retired[-1].uri, former) if isinstance(former, RSAPrivateKey) else None,
        )

    def _decrypt(self, row: Key) -> pairs.PrivateKey:
        key = self._seal.open(row.private or b"", bound_to=_bound_to(row.id), name=row.uri)
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
            raise KeyUnreadable(key=row.uri)
        return key

    async def _store(self, session: AsyncSession, actor_id: int, made: tuple[RSAPrivateKey, Ed25519PrivateKey]) -> None:
        """Both rows, or none where somebody was faster: the unique keyId decides, and theirs count."""
        uri = (await session.get_one(Actor, actor_id)).uri
        rows = self.sealed(actor_id, made, rsa_id=uri + RSA_FRAGMENT, ed25519_id=uri + ED25519_FRAGMENT)
        await session.execute(insert_into(session, Key).values(rows).on_conflict_do_nothing())

    async def cut(self) -> tuple[RSAPrivateKey, Ed25519PrivateKey]:
        """Two new pairs; takes a good part of a second in a thread."""
        return await asyncio.to_thread(_generate)

    def sealed(
        self, actor_id: int, made: tuple[RSAPrivateKey, Ed25519PrivateKey], *, rsa_id: str, ed25519_id: str
    ) -> list[dict[str, object]]:
        """Rows of `keys` for two pairs, their private halves encrypted."""
        rsa, ed25519 = made
        rows: list[dict[str, object]] = []
        for kind, uri, private, public in (
            (KeyKind.RSA, rsa_id, rsa, pairs.public_pem(rsa)),
            (KeyKind.ED25519, ed25519_id, ed25519, encode_key(ed25519.public_key())),
        ):
            row_id = new_id()
            rows.append(
                {
                    "id": row_id,
                    "actor_id": actor_id,
                    "uri": uri,
                    "kind": kind,
                    "public": public,
                    "private": self._seal.close(private, bound_to=_bound_to(row_id)),
                    "created_at": now(),
                }
            )
        return rows


def _multibase(row: Key) -> str:
    if row.kind is KeyKind.ED25519:
        return row.public
    public = pairs.load_public_key(row.public)
    assert isinstance(public, RSAPublicKey)  # noqa: S101 - made here
    return encode_key(public)


def _generate() -> tuple[RSAPrivateKey, Ed25519PrivateKey]:
    return pairs.generate_rsa(), pairs.generate_ed25519()


def _bound_to(row_id: int) -> bytes:
    return row_id.to_bytes(8, "big")


def public_key(text: str) -> PublicKey:
    """Read a stored public key in either form: PEM, or a Multikey's multibase text.

    Raises:
        BadKey: it is neither, or outside the limits.
    """
    return pairs.load_public_key(text) if text.startswith("-----") else decode_key(text)
