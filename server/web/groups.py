"""The list of groups, founding one, and finding one at another company."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import egress, groups, timelines
from models.errors import DomainError, NotFound
from models.tables import Access, Actor, ActorType, Group, Reach
from models.viewers import Staff
from server import resolving
from server.context import acting, config, database, staff
from server.i18n import gettext as _
from server.web import views
from server.web.answers import page, see_other
from server.web.forms import fields, is_on, kept, refused, text, words
from server.web.presenters import groups as presenting
from server.web.presenters.sight import Sight, sight
from server.web.views.page import ReachKind

routes = web.RouteTableDef()

_TYPED = ("name", "username", "purpose", "reach", "access", "gate")
_ALL_REACHES: tuple[ReachKind, ...] = ("internal", "partners", "public")


@routes.get("/groups", name="groups")
async def show(request: web.Request) -> web.Response:
    return await _list(request)


async def _list(
    request: web.Request, *, find: views.Form | None = None, found: Group | None = None, status: int = 200
) -> web.Response:
    staff(request)
    looks = sight(request)
    async with database(request).reading() as session:
        rows = await _rows(session, looks, list((await session.scalars(groups.listed(looks.viewer))).all()))
        looked_up = next((row for group, row in rows if found is not None and group.id == found.id), None)
        view = views.GroupsView(
            mine=tuple(row for _group, row in rows if row.member),
            others=tuple(row for _group, row in rows if not row.member),
            may_create=True,
            find=find or views.Form(),
            found=looked_up,
        )
        return await page(request, session, looks, "web/groups.html", view, status=status)


async def _rows(session: AsyncSession, looks: Sight, found: list[Group]) -> list[tuple[Group, views.GroupRow]]:
    by = looks.staff
    assert by is not None  # noqa: S101 - asked for staff only
    ids = [group.id for group in found]
    audiences = await egress.audiences(session, found)
    standing = await groups.standing(session, by, ids)
    last = await timelines.last_written(session, by, ids)
    looks = looks.naming(await egress.company_names(session, {group.actor.host for group in found}))
    return [
        (
            group,
            presenting.row(
                looks,
                group,
                audiences,
                standing.get(group.id),
                last.get(group.id),
                may_join=presenting.may_join(looks, group, standing.get(group.id)),
            ),
        )
        for group in found
    ]


@routes.get("/new-group", name="group-new")
async def new(request: web.Request) -> web.Response:
    staff(request)
    return await _new(request, views.Form(values={"reach": "internal", "access": "open"}))


async def _new(request: web.Request, form: views.Form, *, status: int = 200) -> web.Response:
    looks = sight(request)
    async with database(request).reading() as session:
        view = views.GroupFormView(form=form, may_reach=_ALL_REACHES, host=config(request).host)
        return await page(request, session, looks, "web/group_new.html", view, status=status)


@routes.post("/groups")
async def create(request: web.Request) -> web.Response:
    """Found a group. It begins internal whatever was chosen; opening it is confirmed on a page of its own."""
    by = staff(request)
    form = await fields(request)
    typed = kept(form, _TYPED)
    username = text(form, "username").strip().lower()
    if not text(form, "name").strip():
        return await _new(request, views.Form(typed, {"name": _("A group needs a name.")}), status=422)
    try:
        async with acting(request) as session:
            group = await groups.create(
                session,
                username=username,
                name=text(form, "name"),
                purpose=text(form, "purpose"),
                access=Access.CLOSED if text(form, "access") == "closed" else Access.OPEN,
                is_gated=is_on(form, "gate"),
                owner=by,
            )
    except DomainError as error:
        place = "purpose" if len(text(form, "purpose")) > groups.PURPOSE_LIMIT else "name"
        return await _new(request, refused(error, place, typed, fields=_TYPED), status=error.status)
    looks = sight(request)
    wanted = text(form, "reach")
    if wanted in (str(Reach.PARTNERS), str(Reach.PUBLIC)):
        return see_other(request, f"{looks.url('group-reach', handle=username)}?to={wanted}", "group_founded")
    return see_other(request, looks.actor_url(group.actor), "group_founded")


@routes.get("/join-group", name="group-find")
async def find(request: web.Request) -> web.Response:
    """Look for a group of another company by its address, and show it before anybody joins."""
    by = staff(request)
    address = words(request, "address")
    if not address:
        return await _list(request)
    group = await _found(request, by, address)
    if group is None:
        form = views.Form({"address": address}, {"address": _("There is no group for you at this address.")})
        return await _list(request, find=form, status=404)
    return await _list(request, find=views.Form({"address": address}), found=group)


async def _found(request: web.Request, by: Staff, address: str) -> Group | None:
    found = await resolving.meet(request.app, by, address.lstrip("!"))
    if not isinstance(found, Actor) or found.type is not ActorType.GROUP:
        return None
    if not found.is_local:
        async with acting(request) as session:
            await groups.keep_mirror(session, await session.get_one(Actor, found.id))
    async with database(request).reading() as session:
        try:
            return await groups.by_id(session, by, found.id)
        except NotFound:
            return None
