"""What our authors say to what others do with their posts."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import activity
from federation.keys import KeyRing
from federation.outbox.sending import Subject, mint, send
from models.journal import InteractionRefused
from models.tables import Actor

RULE = "consent"


async def refused(keys: KeyRing, session: AsyncSession, entry: InteractionRefused) -> None:
    """Reject{id of the like, answer or boost}, to who did it and nobody else (POL-2)."""
    by, to = await session.get(Actor, entry.by_id), await session.get(Actor, entry.to_id)
    if by is None or to is None or to.is_local or to.deleted_at is not None:
        return
    document = activity.reject_interaction(mint(session), by.uri, entry.uri, to=to.uri)
    subject = Subject(rule=RULE, object_uri=entry.uri)
    await send(session, keys, document, actor=by, inboxes=[(to.inbox, to.host)], subject=subject)
