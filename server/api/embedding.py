"""Posts of ours on other people's pages (oEmbed 1.0): those that everybody may read, and no others."""

import html
import re

from aiohttp import web

from models.errors import NotFound
from models.posts import reading
from models.text import sanitise
from models.viewers import ANONYMOUS
from server.api import answers
from server.api.params import BadValue
from server.api.routing import Access, Call, Routes

routes = Routes()

_WIDTH = 400
_MOST_WORDS = 300
_POST = re.compile(r"/posts/(\d{1,18})/?")


class OnlyJson(NotFound):
    """This is answered as JSON only."""

    code = "only_json"
    status = 501


@routes.get("/api/oembed", access=Access.PUBLIC)
async def show(call: Call) -> web.Response:
    """A link with the first words of the post: there is no frame of ours to load, so nobody's reading is told to us."""
    if call.params.text("format", "json") not in ("", "json"):
        raise OnlyJson
    url = call.params.text("url").strip()
    base = call.config.base_url
    found = _POST.fullmatch(url.removeprefix(base).partition("?")[0]) if url.startswith(base + "/") else None
    if not url:
        raise BadValue(field="url")
    if found is None:
        raise NotFound(url=url)
    width = call.params.number("maxwidth", _WIDTH, least=1, most=10_000)
    async with call.reading() as session:
        post = reading.shown_by(await reading.one(session, ANONYMOUS, int(found[1])))
        said = await reading.published(session, post)
    author, address = post.author, f"{base}/posts/{post.id}"
    words = said.warning or sanitise.excerpt(sanitise.to_plain(said.html), _MOST_WORDS)
    return answers.answer(
        {
            "type": "rich",
            "version": "1.0",
            "title": f"{author.shown_name}: {sanitise.excerpt(words, 80)}",
            "author_name": author.shown_name,
            "author_url": author.url,
            "provider_name": call.config.instance.name,
            "provider_url": f"{base}/",
            "cache_age": 3600,
            "html": f'<blockquote cite="{html.escape(address)}"><p>{html.escape(words)}</p>'
            f'<a href="{html.escape(address)}">{html.escape(author.shown_name)}</a></blockquote>',
            "width": min(width, _WIDTH),
            "height": None,
        }
    )
