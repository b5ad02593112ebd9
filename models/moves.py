"""Moving house elsewhere: somebody goes on under another name, and those of ours who follow them go along (R-18)."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import accounts, blocks, egress, relations
from models.base import now
from models.errors import NotAllowed
from models.tables import Account, Actor, ActorType, Follow

REST = timedelta(days=7)
"""How long nobody moves again after a move, in either direction.

R-18 asks for thirty days, which others keep where a move is begun. Here it is only taken in, and a rest as long as
theirs would refuse the next honest move whenever the one before came late: whoever followed would stay behind.
"""


class MovedLately(NotAllowed):
    """They moved a few days ago."""

    code = "moved_lately"


class NoMove(NotAllowed):
    """The two do not say of one another that they are the same."""

    code = "no_move"


async def receive_move(session: AsyncSession, old: Actor, new: Actor) -> int:
    """Let who follows `old` here follow `new` instead; how many they were.

    Both must have been asked a moment ago: the old one says where it went, the new one who it was. Membership in a
    group never moves.

    Raises:
        NoMove: one of the two says nothing of the other, is ours, a group, or gone. MovedLately.
    """
    _must_be_one(old, new)
    if any(one.moved_at is not None and one.moved_at > now() - REST for one in (old, new)):
        raise MovedLately(uri=old.uri)
    old.moved_at = new.moved_at = now()
    followers = await session.scalars(
        select(Account)
        .join(Follow, Follow.follower_id == Account.actor_id)
        .where(Follow.followee_id == old.id, Follow.accepted_at.is_not(None), Account.disabled_at.is_(None))
        .options(joinedload(Account.actor))
    )
    allowed = await egress.allows(session, new.host)
    moved = 0
    for account in followers.all():
        by = accounts.staff(account)
        if allowed and not await blocks.are_apart(session, by.actor_id, new.id):
            was = await relations.between(session, by.actor_id, old.id)
            await relations.follow(session, new, by=by, shows_boosts=was is None or was.shows_boosts)
            moved += 1
        await relations.unfollow(session, old, by=by)
    await session.flush()
    return moved


def _must_be_one(old: Actor, new: Actor) -> None:
    lives = all(one.deleted_at is None and not one.is_local and one.type is not ActorType.GROUP for one in (old, new))
    if not lives or old.id == new.id or old.moved_to != new.uri or old.uri not in new.also_known_as or new.moved_to:
        raise NoMove(uri=old.uri)
