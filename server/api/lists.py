"""Lists: the groups one belongs to, so that every client has their timelines. They are made and left as groups are."""

from dataclasses import replace

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import groups
from models.errors import DomainError, NotFound
from models.paging import page_of
from models.tables import Group, Membership
from models.viewers import Staff
from server.api import answers
from server.api.entities import collections
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.routing import Call, Routes

routes = Routes()

_ALL = 1000


class ListsAreGroups(DomainError):
    """Your lists here are the groups you belong to: found, join or leave a group instead."""

    code = "lists_are_groups"


async def own_group(session: AsyncSession, staff: Staff, group_id: int) -> Group:
    """A group `staff` belongs to. Raises NotFound for every other one."""
    group = await session.scalar(groups.of_member(staff).where(Group.id == group_id))
    if group is None:
        raise NotFound(group_id=group_id)
    return group


@routes.get("/api/v1/lists", "read:lists")
async def lists(call: Call) -> web.Response:
    """The groups one belongs to, by name."""
    async with call.reading() as session:
        found = await session.scalars(groups.of_member(call.staff))
        return answers.answer([collections.as_list(group) for group in found.all()])


@routes.get(r"/api/v1/lists/{id:\d+}", "read:lists")
async def one_list(call: Call) -> web.Response:
    async with call.reading() as session:
        return answers.answer(collections.as_list(await own_group(session, call.staff, call.id())))


@routes.get(r"/api/v1/lists/{id:\d+}/accounts", "read:lists")
async def list_accounts(call: Call) -> web.Response:
    """Who else belongs to a group; `limit=0` asks for all of them."""
    limit = _ALL if call.params.text("limit") == "0" else call.params.number("limit", 40, least=1, most=80)
    async with call.reading() as session:
        group = await own_group(session, call.staff, call.id())
        page = replace(call.page(40, 80), limit=limit)
        found = await page_of(session, groups.members(group), Membership.id, page)
        people = [(member.actor.id, member.actor.version) for member in found]
        bodies = await call.app[SHELF].accounts(session, call.viewer, people)
    return answers.answer_list(bodies, headers=links(call, [member.id for member in found]))


@routes.post("/api/v1/lists", "write:lists")
@routes.put(r"/api/v1/lists/{id:\d+}", "write:lists")
@routes.delete(r"/api/v1/lists/{id:\d+}", "write:lists")
@routes.post(r"/api/v1/lists/{id:\d+}/accounts", "write:lists")
@routes.delete(r"/api/v1/lists/{id:\d+}/accounts", "write:lists")
async def refuse(call: Call) -> web.Response:
    raise ListsAreGroups
