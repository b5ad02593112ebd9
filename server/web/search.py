"""The one search: people, groups, tags, posts; and an address of somebody elsewhere is looked up there."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import egress, search
from models.paging import page_of
from models.tables import Actor, ActorType, Post
from server import resolving
from server.context import database, staff
from server.web import views
from server.web.answers import page
from server.web.forms import asked_page, paging, words
from server.web.presenters import people as presenting
from server.web.presenters import posts
from server.web.presenters.posts import ref_of
from server.web.presenters.sight import Sight, sight

routes = web.RouteTableDef()

_ROWS = 12
_TAGS = 8


@routes.get("/search", name="search")
async def show(request: web.Request) -> web.Response:
    by = staff(request)
    query = words(request)
    looks = sight(request)
    asked = asked_page(request)
    met = await resolving.meet(request.app, by, query)
    async with database(request).reading() as session:
        if not query:
            return await page(request, session, looks, "web/search.html", views.SearchView())
        house = database(request).instance
        who = met.id if isinstance(met, Actor) else None
        everybody = search.actors(by, query, instance=house, met=who).options(search.with_picture()).limit(_ROWS)
        actors = (await session.scalars(everybody)).all()
        tags = (await session.scalars(search.tags(by, query).limit(_TAGS))).all() if " " not in query else ()
        if isinstance(met, Post):
            wanted = search.one_post(by, met.id)
        else:
            wanted = await search.posts(session, by, query)
        found = await page_of(session, wanted, Post.id, asked)
        part, links = paging(request, asked, [post.id for post in found])
        looks = await _naming(session, looks, actors)
        first = asked.max_id is None and asked.min_id is None
        people = [actor for actor in actors if actor.type is not ActorType.GROUP and actor.is_local]
        outside = [actor for actor in actors if actor.type is not ActorType.GROUP and not actor.is_local]
        view = views.SearchView(
            query=query,
            people=presenting.rows(looks, people, {}) if first else (),
            outside=presenting.by_company(looks, outside) if first else (),
            groups=tuple(ref_of(looks, a) for a in actors if a.type is ActorType.GROUP) if first else (),
            tags=tuple((tag, looks.url("tag", tag=tag)) for tag in tags) if first else (),
            posts=await posts.present(session, looks, found[part]),
            paging=links,
        )
        return await page(request, session, looks, "web/search.html", view)


async def _naming(session: AsyncSession, looks: Sight, actors: Sequence[Actor]) -> Sight:
    return looks.naming(await egress.company_names(session, {actor.host for actor in actors}))
