"""Inbox forwarding: what answers one of ours reaches their followers elsewhere, too (ActivityPub §7.1.2, FWD-1).

Only what carries a proof of its actor goes on, as the bytes that came: whoever gets it from us has no other reason to
believe it. What is in a group goes through the group. Nothing goes further than it was meant to: to the followers whom
its author named, and where it is not for everybody, only below a post for those same followers.
"""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities.registry import Incoming
from federation.documents import addressing
from federation.vocabulary import Document, as_list, id_of
from models import deliveries, journal
from models.journal import Forwards
from models.posts import departing, receiving
from models.tables import Actor, ActorType, Post, Reach, Visibility

_DEPTH = 3
_MOST = 20
_LINKS = ("inReplyTo", "object", "target", "tag")
_OPEN = (Visibility.PUBLIC, Visibility.UNLISTED)


async def consider(session: AsyncSession, incoming: Incoming) -> None:
    """Let an activity that was just dealt with go on to the followers of ours whom it concerns and names."""
    if incoming.via is not None or incoming.received_id is None or "proof" not in incoming.document:
        return
    addressed = addressing.parse(incoming.document, insecure_hosts=incoming.wire.insecure_hosts)
    owner = await _named(session, addressed.everyone) or await _has_the_create(session, incoming)
    if owner is None:
        return
    about = await _referred(session, incoming.document, owner)
    if about is None or about.reach is Reach.INTERNAL or about.group_id is not None:
        return
    if about.visibility in _OPEN or (about.visibility is Visibility.FOLLOWERS and not addressed.is_public):
        journal.record(session, Forwards(owner.id, incoming.received_id, incoming.object_id or ""))


async def _named(session: AsyncSession, everyone: tuple[str, ...]) -> Actor | None:
    """Whose followers of ours it is addressed to."""
    if not everyone:
        return None
    people = (Actor.host == "", Actor.type != ActorType.GROUP, Actor.deleted_at.is_(None))
    return await session.scalar(select(Actor).where(Actor.followers_uri.in_(everyone), *people).limit(1))


async def _has_the_create(session: AsyncSession, incoming: Incoming) -> Actor | None:
    """For what ends: whose followers got what it ends from us."""
    if incoming.type not in ("Delete", "Undo") or incoming.object_id is None:
        return None
    return await deliveries.forwarder_of(session, incoming.object_id)


async def _referred(session: AsyncSession, document: Document, owner: Actor) -> Post | None:
    """The post of `owner` that it is about: named in it, or answered by what is named, at most three steps away."""
    for uri in list(dict.fromkeys(_links(document, _DEPTH)))[:_MOST]:
        post = await receiving.by_uri(session, uri)
        for _ in range(_DEPTH):
            if post is None or (post.is_local and post.author_id == owner.id):
                break
            post = await departing.by_id(session, post.reply_to_id)
        if post is not None and post.is_local and post.author_id == owner.id and post.published_revision is not None:
            return post
    return None


def _links(document: Document, depth: int) -> Iterator[str]:
    for name in _LINKS:
        for item in as_list(document.get(name))[:_MOST]:
            found = id_of(item)
            if found is not None:
                yield found
            if isinstance(item, dict) and depth > 1:
                yield from _links(item, depth - 1)
