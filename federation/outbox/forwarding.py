"""What others sent about posts of ours, on its way to the followers of ours whom it names: unchanged (FWD-1)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.keys import KeyRing
from federation.outbox.sending import Subject, pass_on
from models import actors, received, relations
from models.journal import Forwards
from models.tables import Actor

RULE = "forwarded"


async def forwards(keys: KeyRing, session: AsyncSession, entry: Forwards) -> None:
    """The bytes that came, to the followers' inboxes but not back to where it came from; once."""
    del keys  # its author signed it; the request is signed when it is sent, as the one whose followers they are
    came = await received.by_id(session, entry.received_id)
    owner = await session.get(Actor, entry.actor_id)
    if came is None or owner is None:
        return
    author = await actors.by_uri(session, came.actor_uri)
    subject = Subject(rule=RULE, object_uri=entry.object_uri, by=author.handle if author is not None else came.host)
    inboxes = await relations.follower_inboxes(session, owner.id)
    await pass_on(session, came, actor=owner, inboxes=inboxes, subject=subject)
