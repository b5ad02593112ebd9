"""What a colleague may do here: their role and their access, which admins change."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import accounts, actors
from models.errors import DomainError, NotFound
from models.tables import Account, Actor, ActorType, Role
from models.viewers import Staff
from server.context import acting, admin, database
from server.web import views
from server.web.answers import page, see_other
from server.web.forms import fields, is_on, refused, text
from server.web.person import PERSON
from server.web.presenters import people as presenting
from server.web.presenters.sight import sight

routes = web.RouteTableDef()


async def _account(session: AsyncSession, by: Staff, request: web.Request) -> tuple[Actor, Account]:
    """The colleague of the path, also one whose access ended. Raises NotFound for everybody else."""
    actor = await actors.by_handle(session, by, request.match_info["handle"])
    if not actor.is_local or actor.type is ActorType.GROUP:
        raise NotFound
    return actor, await accounts.by_username(session, actor.username)


@routes.get(PERSON + "/access", name="person-access")
async def show(request: web.Request) -> web.Response:
    return await _show(request)


async def _show(request: web.Request, form: views.Form | None = None, *, status: int = 200) -> web.Response:
    by, looks = admin(request), sight(request)
    async with database(request).reading() as session:
        actor, account = await _account(session, by, request)
        view = presenting.access(looks, actor, account, form)
        return await page(request, session, looks, "web/person_access.html", view, status=status)


@routes.post(PERSON + "/role", name="person-role")
async def change_role(request: web.Request) -> web.Response:
    by, form = admin(request), await fields(request)
    wanted = text(form, "role")
    try:
        async with acting(request) as session:
            actor, account = await _account(session, by, request)
            if wanted in list(Role):
                await accounts.set_role(session, account, Role(wanted), by=by)
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        return await _show(request, refused(error, "role", {"role": wanted}, fields=("role",)), status=error.status)
    return see_other(request, sight(request).actor_url(actor), "role_changed")


@routes.post(PERSON + "/access")
async def change_access(request: web.Request) -> web.Response:
    """End somebody's access, or give it back."""
    by, form = admin(request), await fields(request)
    opens = is_on(form, "set")
    try:
        async with acting(request) as session:
            actor, account = await _account(session, by, request)
            change = accounts.enable if opens else accounts.disable
            await change(session, account, by=by)
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        return await _show(request, refused(error, "access", {}, fields=("access",)), status=error.status)
    return see_other(request, sight(request).actor_url(actor), "access_opened" if opens else "access_ended")
