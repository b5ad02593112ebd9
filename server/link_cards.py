"""Which linked pages people here came to see, until the background asks them; and cards as pages and clients get them.

Looking at a post must not wait for another server, nor write: what is missing is noted here and shown next time.
"""

import asyncio
from collections.abc import Iterable, Mapping

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import link_cards
from models.tables import LinkCard
from models.viewers import Staff, Viewer

_MOST = 500


class Wishes:
    """Addresses whose cards somebody missed; lost at a restart without harm."""

    def __init__(self) -> None:
        self._urls: dict[str, None] = {}
        self.noted = asyncio.Event()

    def note(self, urls: Iterable[str]) -> None:
        for url in urls:
            if len(self._urls) < _MOST:
                self._urls[url] = None
                self.noted.set()

    def take(self) -> list[str]:
        """All of them, which are forgotten then."""
        self.noted.clear()
        taken, self._urls = list(self._urls), {}
        return taken


WISHES = web.AppKey("card_wishes", Wishes)


async def shown(
    app: web.Application, session: AsyncSession, viewer: Viewer, links: Mapping[int, str]
) -> dict[int, LinkCard]:
    """The cards of posts, whose links are given by post id; what colleagues miss is asked soon."""
    known = await link_cards.of_links(session, links.values())
    wishes = app.get(WISHES)
    if isinstance(viewer, Staff) and wishes is not None:
        wishes.note(url for url in links.values() if url not in known)
    return {post_id: known[url] for post_id, url in links.items() if url in known and known[url].title}
