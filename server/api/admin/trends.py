"""What is talked about, for who would judge it elsewhere. Here nothing waits for that: people read what they may."""

from aiohttp import web

from models import search, trends
from models.errors import Invalid, NotFound
from models.text.clean import fold_tag
from server.api import answers
from server.api import trends as talked_about
from server.api.routing import Access, Call, Routes
from server.api.tags import described

routes = Routes()

_READ, _WRITE = "admin:read", "admin:write"
_TAGS = "/api/v1/admin/tags"
_PAGE, _MANY = 100, 200
_JUDGED = {"trendable": True, "usable": True, "requires_review": False, "listable": True}


class NothingIsJudged(Invalid):
    """Nothing is approved or refused here: everybody sees what is said where they may read."""

    code = "nothing_is_judged"


routes.get("/api/v1/admin/trends/links", _READ, access=Access.ADMIN)(talked_about.pages)
routes.get("/api/v1/admin/trends/statuses", _READ, access=Access.ADMIN)(talked_about.statuses)


@routes.get("/api/v1/admin/trends/tags", _READ, access=Access.ADMIN)
async def trending(call: Call) -> web.Response:
    """The tags of the last days, as everybody's clients rank them."""
    limit = call.params.number("limit", 10, least=1, most=20)
    offset = call.params.number("offset", 0, least=0, most=10_000)
    async with call.reading() as session:
        found = await trends.tags(session, call.viewer, limit=limit, offset=offset)
        return answers.answer([tag | _JUDGED for tag in await described(call, session, found)])


@routes.get(_TAGS, _READ, access=Access.ADMIN)
async def tags(call: Call) -> web.Response:
    """The tags in what whoever asks may read, most used first."""
    limit = call.params.number("limit", _PAGE, least=1, most=_MANY)
    offset = call.params.number("offset", 0, least=0, most=10_000)
    async with call.reading() as session:
        found = (await session.scalars(search.tags(call.viewer, "").offset(offset).limit(limit))).all()
        return answers.answer([tag | _JUDGED for tag in await described(call, session, found)])


@routes.get(_TAGS + "/{id}", _READ, access=Access.ADMIN)
async def tag(call: Call) -> web.Response:
    name = fold_tag(call.name("id"))
    async with call.reading() as session:
        if name not in (await session.scalars(search.tags(call.viewer, name))).all():
            raise NotFound(tag=name)
        return answers.answer((await described(call, session, [name]))[0] | _JUDGED)


@routes.put(_TAGS + "/{id}", _WRITE, access=Access.ADMIN)
@routes.post("/api/v1/admin/trends/links/{id}/approve", _WRITE, access=Access.ADMIN)
@routes.post("/api/v1/admin/trends/links/{id}/reject", _WRITE, access=Access.ADMIN)
@routes.post("/api/v1/admin/trends/statuses/{id}/approve", _WRITE, access=Access.ADMIN)
@routes.post("/api/v1/admin/trends/statuses/{id}/reject", _WRITE, access=Access.ADMIN)
@routes.post("/api/v1/admin/trends/tags/{id}/approve", _WRITE, access=Access.ADMIN)
@routes.post("/api/v1/admin/trends/tags/{id}/reject", _WRITE, access=Access.ADMIN)
async def judge(call: Call) -> web.Response:
    raise NothingIsJudged
