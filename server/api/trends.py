"""What is talked about in the last seven days, as far as whoever asks may see it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from models import link_cards, trends
from models.posts import outlines
from models.tables import LinkCard
from server.api import answers
from server.api.entities import cards, collections
from server.api.entities.shelf import SHELF
from server.api.routing import Access, Call, Routes
from server.api.tags import described

routes = Routes()


class _Step:
    """The part of a ranking that is asked for: Mastodon counts in them instead of ids."""

    def __init__(self, call: Call, usual: int) -> None:
        self.limit = call.params.number("limit", usual, least=1, most=usual * 2)
        self.offset = call.params.number("offset", 0, least=0, most=10_000)
        self._call = call

    def links(self, found: Sequence[Any]) -> dict[str, str]:
        """Headers that lead to what ranks lower and higher."""
        steps = []
        if len(found) == self.limit:
            steps.append(("next", self.offset + self.limit))
        if self.offset > 0:
            steps.append(("prev", max(0, self.offset - self.limit)))
        base = self._call.config.base_url + self._call.request.path
        shown = [f'<{base}?{urlencode({"limit": self.limit, "offset": at})}>; rel="{rel}"' for rel, at in steps]
        return {"Link": ", ".join(shown)} if shown else {}


@routes.get("/api/v1/trends", "read:statuses", access=Access.PUBLIC)
@routes.get("/api/v1/trends/tags", "read:statuses", access=Access.PUBLIC)
async def tags(call: Call) -> web.Response:
    step = _Step(call, 10)
    async with call.reading() as session:
        found = await trends.tags(session, call.viewer, limit=step.limit, offset=step.offset)
        bodies = await described(call, session, found)
    return answers.answer(bodies, headers=step.links(found))


@routes.get("/api/v1/trends/statuses", "read:statuses", access=Access.PUBLIC)
async def statuses(call: Call) -> web.Response:
    step = _Step(call, 20)
    async with call.reading() as session:
        found = await trends.posts(session, call.viewer, limit=step.limit, offset=step.offset)
        lines = await outlines.outlines_of(session, call.viewer, found)
        shown = [lines[post_id] for post_id in found if post_id in lines]
        bodies = await call.app[SHELF].statuses(session, call.viewer, shown)
    return answers.answer_list(bodies, headers=step.links(found))


@routes.get("/api/v1/trends/links", "read:statuses", access=Access.PUBLIC)
async def pages(call: Call) -> web.Response:
    """Pages with what is known of them; none is asked because somebody looks at this."""
    step = _Step(call, 10)
    async with call.reading() as session:
        found = await trends.pages(session, call.viewer, limit=step.limit, offset=step.offset)
        known = await link_cards.of_links(session, [page.url for page in found])
    bodies = []
    for page in found:
        row = known.get(page.url)
        card = cards.card(call.app, row if row is not None and row.title else _bare(page.url))
        bodies.append({**card, "history": collections.history(page.days)})
    return answers.answer(bodies, headers=step.links(found))


def _bare(url: str) -> LinkCard:
    """A card that says no more than the address does."""
    parts = urlsplit(url)
    title = f"{parts.netloc}{parts.path}".rstrip("/")
    return LinkCard(url=url, title=title, description="", provider=parts.netloc, author="")
