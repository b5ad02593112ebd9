"""Boosts: a person's Announce of a post's id, and taking it back."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import activity
from federation.keys import KeyRing
from federation.outbox.recipients import shared
from federation.outbox.sending import Subject, send, undo
from federation.outbox.wrapping import followers_of
from federation.vocabulary import PUBLIC
from models import actors, deliveries, relations
from models.posts import departing, writing
from models.tables import EVERYBODY, Actor, Post, Visibility

RULE = "public"


async def released(keys: KeyRing, session: AsyncSession, boost: Post) -> None:
    """Tell followers, and whose post it is. Only what everybody may see is ever announced (R-17)."""
    boosted = await departing.boosted(session, boost)
    if boosted is None:
        return
    by = await session.get_one(Actor, boost.author_id)
    author = await session.get_one(Actor, boosted.author_id)
    followers = followers_of(by)
    is_public = boost.visibility is not Visibility.UNLISTED  # what a public group shows is as public
    document = activity.announce(
        boost.uri,
        by.uri,
        boosted.uri,
        to=[PUBLIC if is_public else followers],
        cc=[followers if is_public else PUBLIC, author.uri],
        published=boost.created_at,
    )
    inboxes = [*await relations.follower_inboxes(session, by.id), *shared([author])]
    subject = Subject(rule=RULE, object_uri=boosted.uri, post_id=boost.id)
    sent = await send(session, keys, document, actor=by, inboxes=inboxes, subject=subject)
    await writing.note_departure(session, boost.id, sent, 1)
    await actors.disclose(session, by.id, {EVERYBODY})


async def withdrawn(keys: KeyRing, session: AsyncSession, boost: Post, uri: str) -> None:
    """Undo{Announce} where the boost went."""
    stored = await deliveries.by_uri(session, uri)
    if stored is not None and boost.is_local:
        by = await session.get_one(Actor, boost.author_id)
        subject = Subject(rule="withdrawn", object_uri=stored.object_uri, post_id=boost.id)
        await undo(session, keys, stored, actor=by, subject=subject)
