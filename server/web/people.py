"""The directory: colleagues, and people of other companies under their company's name."""

from aiohttp import web

from models import accounts, egress, search
from models.tables import Actor
from server.context import database, staff
from server.web import views
from server.web.answers import page
from server.web.forms import whole, words
from server.web.presenters import people as presenting
from server.web.presenters.posts import ref_of
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_ROWS = 60


@routes.get("/people", name="people")
async def show(request: web.Request) -> web.Response:
    by = staff(request)
    looks = sight(request)
    query = words(request)
    number = whole(request.query.get("page", "")) or 1
    async with database(request).reading() as session:
        house = database(request).instance
        everybody = search.actors(by, query, instance=house, groups=False)
        inside = everybody.where(Actor.host == "").limit(_ROWS + 1).offset(_ROWS * (number - 1))
        colleagues = (await session.scalars(inside.options(search.with_picture()))).all()
        others = (await session.scalars(everybody.where(Actor.host != "").limit(_ROWS))).all() if number == 1 else []
        found = (
            (await session.scalars(search.actors(by, query, instance=house, groups=True).limit(_ROWS))).all()
            if query and number == 1
            else []
        )
        hosts = {actor.host for actor in (*others, *found)}
        looks = looks.naming(await egress.company_names(session, hosts))
        known = await accounts.of_actors(session, [actor.id for actor in colleagues[:_ROWS]])
        view = views.PeopleView(
            query=query,
            people=presenting.rows(looks, colleagues[:_ROWS], known),
            outside=presenting.by_company(looks, others),
            groups=tuple(ref_of(looks, actor) for actor in found),
            paging=views.Paging(
                newer_url=_page(request, number - 1) if number > 1 else None,
                older_url=_page(request, number + 1) if len(colleagues) > _ROWS else None,
            ),
        )
        return await page(request, session, looks, "web/people.html", view)


def _page(request: web.Request, number: int) -> str:
    return str(request.rel_url.update_query(page=str(number)))
