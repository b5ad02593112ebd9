"""Lists: one's own, and the groups one belongs to, so that every client has their timelines.

A group is a list that its members share: it is made, named, left and deleted as groups are, not here.
"""

from collections.abc import Sequence

from aiohttp import web
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, groups, lists
from models.errors import DomainError
from models.lists import Wish
from models.paging import page_of
from models.tables import Actor, Group, ListMember, Membership
from models.viewers import Staff
from server.api import answers
from server.api.entities import collections
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.params import Params
from server.api.routing import Call, Routes

routes = Routes()

_ALL = 1000


class ListIsGroup(DomainError):
    """This list is a group that you belong to: change, join or leave the group instead."""

    code = "list_is_group"


async def own_group(session: AsyncSession, staff: Staff, group_id: int) -> Group | None:
    """A group `staff` belongs to; None for every other one."""
    return await session.scalar(groups.of_member(staff).where(Group.id == group_id))


async def _refuse_group(session: AsyncSession, call: Call) -> int:
    """The id in the address, unless it is that of a group."""
    if await own_group(session, call.staff, call.id()) is not None:
        raise ListIsGroup(group_id=call.id())
    return call.id()


@routes.get("/api/v1/lists", "read:lists")
async def listed(call: Call) -> web.Response:
    """The groups one belongs to, by name, and one's own lists, by title."""
    async with call.reading() as session:
        shared = (await session.scalars(groups.of_member(call.staff))).all()
        own = (await session.scalars(lists.listed(call.staff))).all()
    return answers.answer([*map(collections.as_list, shared), *map(collections.own_list, own)])


@routes.post("/api/v1/lists", "write:lists")
async def create(call: Call) -> web.Response:
    async with call.writing() as session:
        made = await lists.create(session, replace(_wish(call.params), title=call.params.text("title")), by=call.staff)
        return answers.answer(collections.own_list(made))


def _wish(sent: Params) -> Wish:
    return Wish(
        title=sent.maybe_text("title"),
        replies_policy=sent.text("replies_policy").strip() or None,
        is_exclusive=sent.maybe_flag("exclusive"),
    )


@routes.get(r"/api/v1/lists/{id:\d+}", "read:lists")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        group = await own_group(session, call.staff, call.id())
        if group is not None:
            return answers.answer(collections.as_list(group))
        return answers.answer(collections.own_list(await lists.one(session, call.id(), by=call.staff)))


@routes.put(r"/api/v1/lists/{id:\d+}", "write:lists")
async def update(call: Call) -> web.Response:
    async with call.writing() as session:
        list_id = await _refuse_group(session, call)
        changed = await lists.change(session, list_id, _wish(call.params), by=call.staff)
        return answers.answer(collections.own_list(changed))


@routes.delete(r"/api/v1/lists/{id:\d+}", "write:lists")
async def delete(call: Call) -> web.Response:
    async with call.writing() as session:
        await lists.remove(session, await _refuse_group(session, call), by=call.staff)
    return answers.answer({})


# Who is in them


@routes.get(r"/api/v1/lists/{id:\d+}/accounts", "read:lists")
async def accounts(call: Call) -> web.Response:
    """Who is in a list, the latest first; `limit=0` asks for all of them."""
    limit = _ALL if call.params.text("limit") == "0" else call.params.number("limit", 40, least=1, most=80)
    async with call.reading() as session:
        keys, people = await _members(session, call, limit)
        bodies = await call.app[SHELF].accounts(session, call.viewer, [(actor.id, actor.version) for actor in people])
    return answers.answer_list(bodies, headers=links(call, keys))


async def _members(session: AsyncSession, call: Call, limit: int) -> tuple[list[int], Sequence[Actor]]:
    page = replace(call.page(40, 80), limit=limit)
    group = await own_group(session, call.staff, call.id())
    if group is not None:
        members = await page_of(session, groups.members(group), Membership.id, page)
        return [member.id for member in members], [member.actor for member in members]
    await lists.one(session, call.id(), by=call.staff)
    found = await page_of(session, lists.members(call.staff, call.id()), ListMember.id, page)
    people = await actors.several(session, call.viewer, [member.actor_id for member in found])
    return [member.id for member in found], [people[member.actor_id] for member in found]


@routes.post(r"/api/v1/lists/{id:\d+}/accounts", "write:lists")
async def add(call: Call) -> web.Response:
    """Put people into a list whom one follows, all of them or nobody."""
    async with call.writing() as session:
        list_id = await _refuse_group(session, call)
        await lists.add(session, list_id, call.params.ids("account_ids"), by=call.staff)
    return answers.answer({})


@routes.delete(r"/api/v1/lists/{id:\d+}/accounts", "write:lists")
async def take_out(call: Call) -> web.Response:
    async with call.writing() as session:
        list_id = await _refuse_group(session, call)
        await lists.take_out(session, list_id, call.params.ids("account_ids"), by=call.staff)
    return answers.answer({})


@routes.get(r"/api/v1/accounts/{id:\d+}/lists", "read:lists")
async def holding(call: Call) -> web.Response:
    """The groups one shares with somebody, and one's own lists in which they are."""
    async with call.reading() as session:
        actor = await actors.one(session, call.viewer, call.id())
        shared = (await session.scalars(groups.shared(call.staff, actor.id))).all()
        own = (await session.scalars(lists.holding(call.staff, actor.id))).all()
    return answers.answer([*map(collections.as_list, shared), *map(collections.own_list, own)])
