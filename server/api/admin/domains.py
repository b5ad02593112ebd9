"""Servers elsewhere: those we talk with, and those that are blocked. What is open to each is agreed on its page."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from models import hosts, partners
from models.errors import Invalid
from models.paging import page_of
from models.tables import Partner, PartnerState
from server.api import answers
from server.api.entities import administration
from server.api.paging import links
from server.api.params import BadValue, Params
from server.api.routing import Access, Call, Routes

routes = Routes()

_ALLOWS, _BLOCKS = "/api/v1/admin/domain_allows", "/api/v1/admin/domain_blocks"
_ID = r"/{id:\d+}"
_PAGE, _MANY = 100, 200


class OnlySuspension(Invalid):
    """A server is blocked whole or not at all: the severity must be suspend."""

    code = "only_suspension"


async def _list(call: Call, state: PartnerState, entity: Callable[[Partner], dict[str, Any]]) -> web.Response:
    async with call.reading() as session:
        found = await page_of(session, hosts.listed(call.staff, state), Partner.id, call.page(_PAGE, _MANY))
    return answers.answer([entity(each) for each in found], headers=links(call, [each.id for each in found]))


async def _show(call: Call, state: PartnerState, entity: Callable[[Partner], dict[str, Any]]) -> web.Response:
    async with call.reading() as session:
        return answers.answer(entity(await hosts.one(session, call.staff, call.id(), state)))


# Those we talk with


@routes.get(_ALLOWS, "admin:read:domain_allows", access=Access.ADMIN)
async def allowed(call: Call) -> web.Response:
    return await _list(call, PartnerState.ADMITTED, administration.domain_allow)


@routes.get(_ALLOWS + _ID, "admin:read:domain_allows", access=Access.ADMIN)
async def show_allowed(call: Call) -> web.Response:
    return await _show(call, PartnerState.ADMITTED, administration.domain_allow)


@routes.post(_ALLOWS, "admin:write:domain_allows", access=Access.ADMIN)
async def allow(call: Call) -> web.Response:
    """Admit a server. No group is opened to it by that."""
    async with call.writing() as session:
        found = await hosts.allow(session, call.params.needed("domain"), by=call.staff)
    return answers.answer(administration.domain_allow(found))


@routes.delete(_ALLOWS + _ID, "admin:write:domain_allows", access=Access.ADMIN)
async def disallow(call: Call) -> web.Response:
    """Stop everything with a partner at once."""
    async with call.writing() as session:
        found = await hosts.one(session, call.staff, call.id(), PartnerState.ADMITTED)
        await partners.suspend(session, found.host, by=call.staff)
    return answers.answer({})


# Those that are blocked


@routes.get(_BLOCKS, "admin:read:domain_blocks", access=Access.ADMIN)
async def blocked(call: Call) -> web.Response:
    return await _list(call, PartnerState.SUSPENDED, administration.domain_block)


@routes.get(_BLOCKS + _ID, "admin:read:domain_blocks", access=Access.ADMIN)
async def show_blocked(call: Call) -> web.Response:
    return await _show(call, PartnerState.SUSPENDED, administration.domain_block)


@routes.post(_BLOCKS, "admin:write:domain_blocks", access=Access.ADMIN)
async def block(call: Call) -> web.Response:
    """Block a server; what is said about it (`private_comment`) stands in the log."""
    host = call.params.needed("domain")
    _judge(call.params, default="silence")
    reason = call.params.text("private_comment") or call.params.text("public_comment")
    async with call.writing() as session:
        found = await hosts.block(session, host, by=call.staff, reason=reason)
    return answers.answer(administration.domain_block(found))


@routes.put(_BLOCKS + _ID, "admin:write:domain_blocks", access=Access.ADMIN)
async def update(call: Call) -> web.Response:
    """There is nothing about a block that could be changed."""
    _judge(call.params, default="suspend")
    return await _show(call, PartnerState.SUSPENDED, administration.domain_block)


def _judge(sent: Params, *, default: str) -> None:
    severity = sent.text("severity") or default
    if severity not in ("noop", "silence", "suspend"):
        raise BadValue(field="severity")
    if severity != "suspend":
        raise OnlySuspension(field="severity")


@routes.delete(_BLOCKS + _ID, "admin:write:domain_blocks", access=Access.ADMIN)
async def unblock(call: Call) -> web.Response:
    async with call.writing() as session:
        await hosts.unblock(session, call.id(), by=call.staff)
    return answers.answer({})
