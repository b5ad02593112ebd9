"""People: finding them, ending the access of somebody here, and giving it back.

Somebody is disabled, and nothing else: what they wrote stays, and for people elsewhere their company answers.
"""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import accounts, people, reports
from models.errors import Invalid, NotAllowed, NotFound
from models.people import Filter, Origin, Standing
from models.tables import Account, Role
from server.api import answers
from server.api.admin.people import bodies
from server.api.entities.accounts import ROLES
from server.api.paging import links
from server.api.params import BadValue, Params
from server.api.routing import Access, Call, Routes

routes = Routes()

_ID = r"/api/v1/admin/accounts/{id:\d+}"
_READ, _WRITE = "admin:read:accounts", "admin:write:accounts"
_PAGE, _MANY = 100, 200
_STANDINGS = {
    "active": Standing.ACTIVE,
    "pending": Standing.NEVER,
    "disabled": Standing.DISABLED,
    "silenced": Standing.NEVER,
    "suspended": Standing.SUSPENDED,
    "sensitized": Standing.NEVER,
}
_IN_CHARGE = frozenset({Role.GATEKEEPER, Role.ADMIN})


class OnlyDisabling(Invalid):
    """People here are disabled or left as they are: there is nothing in between."""

    code = "only_disabling"


class OfAnotherCompany(Invalid):
    """This person belongs to another company: report them there, or block its server."""

    code = "of_another_company"


class NobodyWaits(NotAllowed):
    """Nobody waits to be let in: accounts are made by the company's admins."""

    code = "nobody_waits"


class NobodyIsDeleted(NotAllowed):
    """What somebody wrote stays, so nobody is deleted: disable them."""

    code = "nobody_is_deleted"


@routes.get("/api/v1/admin/accounts", _READ, access=Access.ADMIN)
async def listed(call: Call) -> web.Response:
    """By Mastodon's older switches: the active people of the house unless something else is asked for."""
    sent = call.params
    standing = next((standing for name, standing in _STANDINGS.items() if sent.flag(name)), Standing.ACTIVE)
    origin = Origin.REMOTE if sent.flag("remote") else Origin.LOCAL
    return await _list(call, origin, standing, _IN_CHARGE if sent.flag("staff") else None)


@routes.get("/api/v2/admin/accounts", _READ, access=Access.ADMIN)
async def listed_v2(call: Call) -> web.Response:
    sent = call.params
    origin, status = sent.text("origin"), sent.text("status")
    if origin not in ("", *Origin):
        raise BadValue(field="origin")
    if status not in ("", *_STANDINGS):
        raise BadValue(field="status")
    standing = Standing.NEVER if sent.text("invited_by") else _STANDINGS.get(status)
    return await _list(call, Origin(origin) if origin else None, standing, _roles(sent))


def _roles(sent: Params) -> frozenset[Role] | None:
    numbers = sent.texts("role_ids")
    if numbers:
        return frozenset(role for role, number in ROLES.items() if number in numbers)
    return _IN_CHARGE if sent.text("permissions") == "staff" else None


async def _list(
    call: Call, origin: Origin | None, standing: Standing | None, roles: frozenset[Role] | None
) -> web.Response:
    sent = call.params
    wanted = Filter(
        origin=origin,
        standing=Standing.NEVER if sent.text("ip") else standing,  # from where somebody came is not kept
        roles=roles,
        username=sent.maybe_text("username"),
        display_name=sent.maybe_text("display_name"),
        email=sent.maybe_text("email"),
        host=sent.text("by_domain") or None,
    )
    async with call.reading() as session:
        found = await people.listed(session, call.staff, wanted, call.page(_PAGE, _MANY))
        made = await bodies(call, session, found)
    return answers.answer_list(made, headers=links(call, [each.actor.id for each in found]))


@routes.get(_ID, _READ, access=Access.ADMIN)
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        return await _shown(call, session)


async def _shown(call: Call, session: AsyncSession) -> web.Response:
    found = await people.one(session, call.staff, call.id())
    return answers.answer_bytes((await bodies(call, session, [found]))[0])


@routes.post(_ID + "/action", _WRITE, access=Access.ADMIN)
async def act(call: Call) -> web.Response:
    """End somebody's access (`disable`), or do nothing (`none`); the report that led to it is dealt with by that."""
    sent = call.params
    kind = sent.text("type")
    if kind not in ("none", "disable", "sensitive", "silence", "suspend"):
        raise BadValue(field="type")
    report_id = sent.id("report_id")
    async with call.writing() as session:
        found = await people.one(session, call.staff, call.id())
        if kind != "none" and found.account is None:
            raise OfAnotherCompany(field="type")
        if kind not in ("none", "disable"):
            raise OnlyDisabling(field="type")
        if kind == "disable" and found.account is not None:
            await accounts.disable(session, found.account, by=call.staff)
        if report_id is not None:
            await reports.deal_with(session, report_id, by=call.staff)
    return answers.answer({})


@routes.post(_ID + "/enable", _WRITE, access=Access.ADMIN)
async def enable(call: Call) -> web.Response:
    """Let somebody in again, with their old password."""
    async with call.writing() as session:
        await accounts.enable(session, await _account(call, session), by=call.staff)
        await session.flush()
        return await _shown(call, session)


async def _account(call: Call, session: AsyncSession) -> Account:
    found = await people.one(session, call.staff, call.id())
    if found.account is None:
        raise NotFound(actor_id=found.actor.id)
    return found.account


@routes.post(_ID + "/approve", _WRITE, access=Access.ADMIN)
@routes.post(_ID + "/reject", _WRITE, access=Access.ADMIN)
async def let_in(call: Call) -> web.Response:
    async with call.reading() as session:
        await _account(call, session)
    raise NobodyWaits


@routes.delete(_ID, _WRITE, access=Access.ADMIN)
async def delete(call: Call) -> web.Response:
    async with call.reading() as session:
        await people.one(session, call.staff, call.id())
    raise NobodyIsDeleted


@routes.post(_ID + "/unsilence", _WRITE, access=Access.ADMIN)
@routes.post(_ID + "/unsuspend", _WRITE, access=Access.ADMIN)
@routes.post(_ID + "/unsensitive", _WRITE, access=Access.ADMIN)
async def undo(call: Call) -> web.Response:
    """Take back what nobody does here to a single person: they are shown as they are."""
    async with call.reading() as session:
        return await _shown(call, session)
