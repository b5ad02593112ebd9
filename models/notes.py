"""What somebody here writes down about others for themselves, and whom they recommend on their profile."""

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import policy
from models.base import insert_into, new_id, now
from models.errors import Invalid
from models.tables import Actor, Endorsement, Follow, Note
from models.text.clean import clean_text
from models.viewers import Staff

NOTE_LIMIT = 2000


class NotFollowed(Invalid):
    """Follow somebody before you recommend them."""

    code = "not_followed"


class NoteTooLong(Invalid):
    """A note has at most 2000 characters."""

    code = "note_too_long"


async def write(session: AsyncSession, actor: Actor, text: str, *, by: Staff) -> None:
    """Keep a note about somebody, which nobody else reads; an empty one takes it away. Raises NoteTooLong."""
    if len(text) > NOTE_LIMIT:
        raise NoteTooLong(field="comment")
    text = clean_text(text, limit=NOTE_LIMIT).strip()
    if not text:
        await session.execute(delete(Note).where(Note.account_id == by.account_id, Note.target_id == actor.id))
        return
    await session.merge(Note(account_id=by.account_id, target_id=actor.id, text=text, updated_at=now()))


async def endorse(session: AsyncSession, actor: Actor, *, by: Staff) -> None:
    """Recommend a person on one's profile; silent when it is so already. Raises NotFollowed, also for groups."""
    follows = select(Follow.id).where(
        Follow.follower_id == by.actor_id, Follow.followee_id == actor.id, Follow.accepted_at.is_not(None)
    )
    if await session.scalar(follows) is None:
        raise NotFollowed(actor_id=actor.id)
    row = {"id": new_id(), "actor_id": by.actor_id, "target_id": actor.id, "created_at": now()}
    await session.execute(insert_into(session, Endorsement).values(row).on_conflict_do_nothing())


async def stop_endorsing(session: AsyncSession, actor: Actor, *, by: Staff) -> None:
    mine = (Endorsement.actor_id == by.actor_id, Endorsement.target_id == actor.id)
    await session.execute(delete(Endorsement).where(*mine))


def endorsed(viewer: Staff, actor_id: int) -> Select[Endorsement]:
    """Whom somebody recommends and still follows, of those who exist for `viewer`; page by `Endorsement.id`."""
    follows = select(Follow.followee_id).where(Follow.follower_id == actor_id, Follow.accepted_at.is_not(None))
    known = policy.visible_actors(viewer).with_only_columns(Actor.id)
    return (
        select(Endorsement)
        .where(Endorsement.actor_id == actor_id, Endorsement.target_id.in_(known))
        .where(Endorsement.target_id.in_(follows))
        .options(joinedload(Endorsement.target).joinedload(Actor.avatar))
        .order_by(Endorsement.id.desc())
    )
