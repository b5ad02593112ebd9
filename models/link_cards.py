"""Link cards: what the pages say of themselves that posts link to, asked once and not by readers (R-46, L11).

A page is asked when somebody in the house first looks at a post with a link to it, a little later, once for all posts.
Which links may be asked at all is a setting: none, those of posts that everybody outside may have too, or all. A
direct message's links are never asked, because the address alone may open what it leads to.
"""

import hashlib
import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import links
from models.base import UtcDateTime, insert_into, new_id, now
from models.instance import CardsFor, Instance
from models.tables import LinkCard, Post, Reach, Visibility
from models.text.clean import shorten_text

JITTER = timedelta(seconds=4)
MOST_ATTEMPTS = 3
_LEASE = timedelta(minutes=5)
_AGAIN_AFTER = timedelta(hours=1)
_KEPT_FOR = timedelta(days=180)
_TITLE, _DESCRIPTION, _NAME = 200, 500, 100
_DUE = select(LinkCard.id).where(LinkCard.next_attempt_at <= bindparam("now", type_=UtcDateTime)).limit(1)


class Found(Struct, frozen=True, kw_only=True):
    """What a page says of itself."""

    title: str
    description: str = ""
    provider: str = ""
    author: str = ""
    image_url: str | None = None
    image_width: int | None = None
    image_height: int | None = None


def link_of(post: Post, text: str, instance: Instance) -> str | None:
    """The address whose card `post` may show with `text`: its first link to a page that is not ours."""
    if post.boost_of_id is not None or post.deleted_at is not None or not _is_to_be_asked(post, instance):
        return None
    return next((url for url in links.pages_in(text) if not _is_ours(url, instance)), None)


def _is_to_be_asked(post: Post, instance: Instance) -> bool:
    if post.visibility is Visibility.DIRECT or instance.cards_for is CardsFor.NONE:
        return False
    if instance.cards_for is CardsFor.ALL:
        return True
    has_left = not post.is_local or post.published_revision == post.revision
    return post.reach is Reach.PUBLIC and has_left


def _is_ours(url: str, instance: Instance) -> bool:
    return urlsplit(url).netloc.lower() == instance.host


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


async def of_links(session: AsyncSession, urls: Iterable[str]) -> dict[str, LinkCard]:
    """What is known of pages, by their address; also of those that were asked in vain, or will be."""
    keys = {_key(url): url for url in urls}
    if not keys:
        return {}
    found = await session.scalars(select(LinkCard).where(LinkCard.key.in_(keys)))
    return {keys[card.key]: card for card in found}


async def want(session: AsyncSession, urls: Iterable[str]) -> None:
    """Have pages asked soon that were not yet; not all servers at the same moment."""
    for url in sorted(set(urls)):
        at = now() + random.random() * JITTER  # noqa: S311 - it spreads load and guards nothing
        row = {"id": new_id(), "key": _key(url), "url": url, "next_attempt_at": at}
        empty = {"title": "", "description": "", "provider": "", "author": "", "attempts": 0, "created_at": now()}
        await session.execute(insert_into(session, LinkCard).values(**row, **empty).on_conflict_do_nothing())


async def is_due(session: AsyncSession) -> bool:
    """Whether there is a page to be asked now."""
    return await session.scalar(_DUE, {"now": now()}) is not None


async def claim(session: AsyncSession, *, limit: int = 4) -> Sequence[LinkCard]:
    """Pages to be asked now; the attempt is counted before it is made, and nobody else makes it meanwhile."""
    due = select(LinkCard).where(LinkCard.next_attempt_at <= now()).order_by(LinkCard.next_attempt_at).limit(limit)
    cards = (await session.scalars(due.with_for_update(skip_locked=True))).all()
    for card in cards:
        card.attempts += 1
        card.next_attempt_at = now() + _LEASE if card.attempts < MOST_ATTEMPTS else None
    await session.flush()
    return cards


async def keep(session: AsyncSession, card_id: int, found: Found | None) -> None:
    """Remember what a page said; None when it said nothing that could be shown, which is not asked again."""
    card = await session.get_one(LinkCard, card_id)
    card.fetched_at = now()
    card.next_attempt_at = None
    if found is not None:
        card.title = shorten_text(found.title, limit=_TITLE)
        card.description = shorten_text(found.description, limit=_DESCRIPTION)
        card.provider = shorten_text(found.provider, limit=_NAME)
        card.author = shorten_text(found.author, limit=_NAME)
        card.image_url, card.image_width, card.image_height = found.image_url, found.image_width, found.image_height


async def fail(session: AsyncSession, card_id: int, *, for_good: bool) -> None:
    """A page could not be had: asked again later, a few times."""
    card = await session.get_one(LinkCard, card_id)
    is_last = for_good or card.attempts >= MOST_ATTEMPTS
    card.next_attempt_at = None if is_last else now() + _AGAIN_AFTER * 4 ** (card.attempts - 1)


async def sweep(session: AsyncSession) -> None:
    """Forget pages after half a year; who still looks has them asked anew."""
    await session.execute(delete(LinkCard).where(LinkCard.created_at < now() - _KEPT_FOR))
