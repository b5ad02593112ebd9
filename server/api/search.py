"""Search: people and groups, hashtags, posts; with `resolve` also what lives elsewhere and was not met before."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import search
from models.posts import outlines
from models.tables import Actor, Post
from models.viewers import Staff
from server import resolving
from server.api import answers
from server.api.accounts import matching
from server.api.entities.shelf import SHELF
from server.api.routing import Access, Call, Routes
from server.api.tags import described

routes = Routes()

Answer = dict[str, list[bytes]]


@routes.get("/api/v2/search", "read:search", access=Access.PUBLIC)
async def find(call: Call) -> web.Response:
    """All three lists, always; an address or a handle with a host finds the one thing it names.

    Visitors find people and groups that are known outside, nothing by words in posts.
    """
    found = await _found(call)
    lists = (b'"%s":[%s]' % (name.encode(), b",".join(bodies)) for name, bodies in found.items())
    return answers.answer_bytes(b"{" + b",".join(lists) + b"}")


@routes.get("/api/v1/search", "read:search")
async def find_v1(call: Call) -> web.Response:
    """The older form: hashtags are bare names."""
    found = await _found(call)
    names = answers.encoded(await _tags(call, call.params.text("q")) if found["hashtags"] else [])
    body = b'{"accounts":[%s],"statuses":[%s],"hashtags":%s}'
    return answers.answer_bytes(body % (b",".join(found["accounts"]), b",".join(found["statuses"]), names))


async def _found(call: Call) -> Answer:
    text = call.params.text("q").strip()
    wanted = call.params.text("type")
    found: Answer = {"accounts": [], "statuses": [], "hashtags": []}
    if not text:
        return found
    met: Actor | Post | None = None
    if call.params.flag("resolve") and isinstance(call.viewer, Staff):
        met = await resolving.meet(call.app, call.staff, text)
    async with call.reading() as session:
        if wanted in ("", "accounts"):
            found["accounts"] = await _accounts(call, session, text, met if isinstance(met, Actor) else None)
        if wanted in ("", "statuses") and isinstance(call.viewer, Staff):
            found["statuses"] = await _statuses(call, session, text, met if isinstance(met, Post) else None)
    if wanted in ("", "hashtags"):
        names = await _tags(call, text)
        async with call.reading() as session:
            found["hashtags"] = [answers.encoded(tag) for tag in await described(call, session, names)]
    return found


def _limit(call: Call) -> int:
    return call.params.number("limit", 20, least=1, most=40)


def _offset(call: Call) -> int:
    return call.params.number("offset", 0, least=0, most=10_000)


async def _accounts(call: Call, session: AsyncSession, text: str, met: Actor | None) -> list[bytes]:
    people = list(await matching(call, session, text, limit=_limit(call), offset=_offset(call)))
    if met is not None and not _offset(call):
        people = [met, *(actor for actor in people if actor.id != met.id)]
    versions = [(actor.id, actor.version) for actor in people[: _limit(call)]]
    return await call.app[SHELF].accounts(session, call.viewer, versions)


async def _statuses(call: Call, session: AsyncSession, text: str, met: Post | None) -> list[bytes]:
    if met is not None:
        ids = [] if _offset(call) else [met.id]
    elif text.startswith(("http://", "https://")):
        ids = list(await session.scalars(search.at_address(call.viewer, text)))[: 0 if _offset(call) else 1]
    else:
        words = (await search.posts(session, call.viewer, text)).with_only_columns(Post.id)
        ids = list(await session.scalars(words.offset(_offset(call)).limit(_limit(call))))
    lines = await outlines.outlines_of(session, call.viewer, ids)
    ordered = [lines[post_id] for post_id in ids if post_id in lines]
    return await call.app[SHELF].statuses(session, call.viewer, ordered)


async def _tags(call: Call, text: str) -> list[str]:
    if not isinstance(call.viewer, Staff) or " " in text.strip() or text.startswith(("http", "@")):
        return []
    async with call.reading() as session:
        names = search.tags(call.viewer, text.strip()).offset(_offset(call)).limit(_limit(call))
        return list(await session.scalars(names))
