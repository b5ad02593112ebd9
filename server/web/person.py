"""A person: contact, what the viewer may read of theirs, following."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from federation.routes import activity_response
from models import actors, egress, featured, policy, relations, search, timelines
from models.errors import NotFound
from models.posts import reading
from models.tables import Actor, ActorType
from models.viewers import Viewer
from server.context import VISITS, acting, database, staff
from server.web.answers import page, see_other
from server.web.forms import asked_page, fields, is_on, paging
from server.web.presenters import people as presenting
from server.web.presenters import posts
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

PERSON = r"/people/{handle:[A-Za-z0-9_.@:\[\]-]+}"


async def _of(session: AsyncSession, viewer: Viewer, request: web.Request) -> Actor:
    """The person of the path, if they exist for `viewer`."""
    actor = await session.scalar(
        policy.visible_actors(viewer)
        .where(
            actors.has_handle(database(request).instance, request.match_info["handle"]), Actor.type != ActorType.GROUP
        )
        .options(search.with_picture())
    )
    if actor is None:
        raise NotFound
    return actor


@routes.get(PERSON, name="person")
async def show(request: web.Request) -> web.StreamResponse:
    answer = await activity_response(request)
    if answer is not None:
        return answer
    looks = sight(request)
    asked = asked_page(request)
    async with database(request).reading() as session:
        actor = await _of(session, looks.viewer, request)
    if looks.staff is not None and not actor.is_local:
        await request.app[VISITS].person(actor)
    async with database(request).reading() as session:
        looks = looks.naming(await egress.company_names(session, {actor.host}))
        found = await reading.page(session, looks.viewer, timelines.of_person, asked, actor_id=actor.id)
        part, links = paging(request, asked, [post.id for post in found])
        shown = await posts.present(session, looks, found[part], place="account")
        on_top = [] if actor.is_local else (await session.scalars(featured.of_actor(looks.viewer, actor))).all()
        top = await posts.present(session, looks, on_top)
        view = await presenting.profile(session, looks, actor, posts=shown, paging=links, featured=top)
        return await page(request, session, looks, "web/person.html", view)


@routes.post(PERSON + "/follow", name="person-follow")
async def follow(request: web.Request) -> web.Response:
    """Follow, or stop following."""
    by = staff(request)
    form = await fields(request)
    async with acting(request) as session:
        actor = await _of(session, by, request)
        if is_on(form, "set"):
            found = await relations.follow(session, actor, by=by)
            notice = "following" if found.accepted_at is not None else "follow_asked"
        else:
            await relations.unfollow(session, actor, by=by)
            notice = "unfollowed"
    return see_other(request, sight(request).actor_url(actor), notice)


@routes.post(PERSON + "/answer", name="person-answer")
async def answer_request(request: web.Request) -> web.Response:
    """Let somebody follow, or not."""
    by = staff(request)
    form = await fields(request)
    async with acting(request) as session:
        actor = await _of(session, by, request)
        await relations.answer_request(session, actor.id, by=by, accepted=is_on(form, "answer"))
    return see_other(request, sight(request).actor_url(actor), "answered")
