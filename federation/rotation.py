"""New keys for our actors, without a moment in which others could not verify us (SIG-30).

A rotation has three steps. `begin` makes new pairs and publishes them beside those in use; whoever knows the actor is
told with an Update. After an hour at least, `finish` lets the new pairs sign and retires the old ones; a second Update,
the last thing signed with the old key, says so. For another day the old ones stay published, since others keep a key
for so long.

`publicKey` always names the one key that signs, also during that first hour: many servers read nothing else, and some
fail over a list.
"""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from federation.errors import ProtocolError
from federation.keys import ED25519_FRAGMENT, RSA_FRAGMENT, SHOWN_AFTERWARDS, KeyRing
from models import actors, audit
from models.base import now
from models.database import Database
from models.tables import Actor, Key

SIGNS_AFTER = timedelta(hours=1)
BEGUN = "keys_rotated"


class RotationUnderWay(ProtocolError):
    """This actor has new keys already, which are not in use yet."""

    code = "rotation_under_way"
    status = 409


class OwnKey(Struct, frozen=True, kw_only=True):
    """A key of ours and what it is for now: `signs`, `next`, `shown` (until others have forgotten it), `retired`."""

    actor: Actor
    key: Key
    use: str


async def begin(database: Database, keys: KeyRing, actor_id: int) -> None:
    """Make new pairs for an actor of ours and publish them; the old ones sign on.

    Raises:
        RotationUnderWay: the last ones are not in use yet.
    """
    await keys.ensure(database, actor_id)
    made = await keys.cut()
    async with database.writing() as session:
        actor = await session.get_one(Actor, actor_id, with_for_update=True)
        own = await _of(session, actor_id)
        if len([key for key in own if key.retired_at is None]) > len(made):
            raise RotationUnderWay(actor=actor.handle)
        number = len(own) // len(made) + 1
        rows = keys.sealed(
            actor_id,
            made,
            rsa_id=f"{actor.uri}{RSA_FRAGMENT}-{number}",
            ed25519_id=f"{actor.uri}{ED25519_FRAGMENT}-{number}",
        )
        await session.execute(insert(Key), rows)
        actors.touch(session, actor)
        audit.note(session, BEGUN, actor=actor.handle)
    keys.forget(actor_id)


async def _of(session: AsyncSession, actor_id: int) -> Sequence[Key]:
    rows = await session.scalars(select(Key).where(Key.actor_id == actor_id, Key.private.is_not(None)))
    return rows.all()


async def finish(session: AsyncSession, keys: KeyRing) -> int:
    """Let every pair sign that has been published for an hour; how many keys were retired. Safe to repeat."""
    newer = aliased(Key)
    replaced = exists().where(
        newer.actor_id == Key.actor_id,
        newer.kind == Key.kind,
        newer.private.is_not(None),
        newer.retired_at.is_(None),
        newer.id > Key.id,
        newer.created_at <= now() - SIGNS_AFTER,
    )
    old = (await session.scalars(select(Key).where(Key.private.is_not(None), Key.retired_at.is_(None), replaced))).all()
    for key in old:
        key.retired_at = now()
    for actor_id in {key.actor_id for key in old}:
        actors.touch(session, await session.get_one(Actor, actor_id))
        keys.forget(actor_id)
    await session.flush()
    return len(old)


async def listed(session: AsyncSession, *, username: str | None = None) -> list[OwnKey]:
    """The keys of ours, by actor and age; `username` for those of one."""
    wanted = select(Actor, Key).join(Key, Key.actor_id == Actor.id).where(Key.private.is_not(None))
    if username is not None:
        wanted = wanted.where(Actor.username_key == username.lower(), Actor.host == "")
    rows = (await session.execute(wanted.order_by(Actor.username_key, Key.kind.desc(), Key.id))).all()
    signing: set[tuple[int, str]] = set()
    found = []
    for actor, key in rows:
        place = (actor.id, str(key.kind))
        if key.retired_at is not None:
            use = "shown" if key.retired_at > now() - SHOWN_AFTERWARDS else "retired"
        else:
            use = "next" if place in signing else "signs"
            signing.add(place)
        found.append(OwnKey(actor=actor, key=key, use=use))
    return found


async def rotatable(session: AsyncSession) -> list[int]:
    """The actors of ours that have keys, for whoever wants to change them all."""
    rows = await session.scalars(select(Key.actor_id).where(Key.private.is_not(None)).distinct().order_by(Key.actor_id))
    return list(rows.all())
