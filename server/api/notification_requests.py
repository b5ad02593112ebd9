"""Whose notifications one wants only after asking: the policy, and who waits to be let in."""

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound
from models.notifications import requests as waiting
from models.notifications.requests import SORTS, Request
from models.tables import Attitude
from server.api import answers
from server.api.entities import notifications as entities
from server.api.entities.shelf import SHELF
from server.api.notifications import statuses_of, told_of
from server.api.paging import links
from server.api.params import BadValue
from server.api.routing import Call, Routes

routes = Routes()

_MANY = 80
_OLD_SORTS = tuple(sort for sort in SORTS if sort != "limited_accounts")


@routes.get("/api/v2/notifications/policy", "read:notifications")
async def policy(call: Call) -> web.Response:
    return await _answer(call, _new_form)


@routes.patch("/api/v2/notifications/policy", "write:notifications")
@routes.put("/api/v2/notifications/policy", "write:notifications")
async def choose(call: Call) -> web.Response:
    """Accept, filter or drop what comes from some sorts of people; what is not sent stays as it was."""
    chosen: dict[str, Attitude] = {}
    for sort in SORTS:
        word = call.params.maybe_text(f"for_{sort}")
        if word is None:
            continue
        if word not in list(Attitude):
            raise BadValue(field=f"for_{sort}")
        chosen[sort] = Attitude(word)
    async with call.writing() as session:
        await waiting.choose(session, chosen, by=call.staff)
    return await _answer(call, _new_form)


@routes.get("/api/v1/notifications/policy", "read:notifications")
async def policy_v1(call: Call) -> web.Response:
    """The form before 4.3 was finished, which knows of filtering alone."""
    return await _answer(call, _old_form)


@routes.put("/api/v1/notifications/policy", "write:notifications")
@routes.patch("/api/v1/notifications/policy", "write:notifications")
async def choose_v1(call: Call) -> web.Response:
    chosen: dict[str, Attitude] = {}
    for sort in _OLD_SORTS:
        filters = call.params.maybe_flag(f"filter_{sort}")
        if filters is not None:
            chosen[sort] = Attitude.FILTER if filters else Attitude.ACCEPT
    async with call.writing() as session:
        await waiting.choose(session, chosen, by=call.staff)
    return await _answer(call, _old_form)


def _new_form(chosen: dict[str, Attitude]) -> dict[str, Any]:
    return {f"for_{sort}": str(attitude) for sort, attitude in chosen.items()}


def _old_form(chosen: dict[str, Attitude]) -> dict[str, Any]:
    return {f"filter_{sort}": chosen[sort] is not Attitude.ACCEPT for sort in _OLD_SORTS}


async def _answer(call: Call, form: Callable[[dict[str, Attitude]], dict[str, Any]]) -> web.Response:
    async with call.reading() as session:
        chosen = await waiting.policy_of(session, call.staff)
        people, told = await waiting.counts(session, call.staff)
    summary = {"pending_requests_count": people, "pending_notifications_count": told}
    return answers.answer({**form(chosen), "summary": summary})


# Who waits


@routes.get("/api/v1/notifications/requests", "read:notifications")
async def listed(call: Call) -> web.Response:
    async with call.reading() as session:
        found = await waiting.waiting(session, call.staff, call.page(40, _MANY))
        bodies = await _rendered(call, session, found)
    return answers.answer(bodies, headers=links(call, [each.id for each in found]))


@routes.get(r"/api/v1/notifications/requests/{id:\d+}", "read:notifications")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        found = await waiting.one_waiting(session, call.staff, [call.id()])
        if not found:
            raise NotFound(request_id=call.id())
        return answers.answer((await _rendered(call, session, found))[0])


async def _rendered(call: Call, session: AsyncSession, found: Sequence[Request]) -> list[dict[str, Any]]:
    borders = {number for each in found for number in (each.id, each.last_id)}
    told = {line.id: line for line in await told_of(session, call.staff, list(borders), filtered=True)}
    statuses = await statuses_of(call.app, session, call.staff, list(told.values()))
    versions = [(line.from_id, line.from_version) for line in told.values()]
    people = list(dict.fromkeys(versions))
    bodies = await call.app[SHELF].accounts(session, call.staff, people)
    accounts = {actor_id: body for (actor_id, _), body in zip(people, bodies, strict=True)}
    return [
        entities.request(
            each,
            account=accounts[each.from_id],
            status=statuses.get(told[each.last_id].post_id or 0),
            created_at=told[each.id].created_at,
            updated_at=told[each.last_id].created_at,
        )
        for each in found
        if each.id in told and each.last_id in told
    ]


@routes.get("/api/v1/notifications/requests/merged", "read:notifications")
async def merged(call: Call) -> web.Response:
    """Whether what was let in is told already: it is, in the same moment."""
    return answers.answer({"merged": True})


@routes.post(r"/api/v1/notifications/requests/{id:\d+}/accept", "write:notifications")
async def accept(call: Call) -> web.Response:
    return await _deal_with(call, [call.id()], accepted=True, is_one=True)


@routes.post(r"/api/v1/notifications/requests/{id:\d+}/dismiss", "write:notifications")
async def dismiss(call: Call) -> web.Response:
    return await _deal_with(call, [call.id()], accepted=False, is_one=True)


@routes.post("/api/v1/notifications/requests/accept", "write:notifications")
async def accept_several(call: Call) -> web.Response:
    return await _deal_with(call, call.params.ids("id"), accepted=True)


@routes.post("/api/v1/notifications/requests/dismiss", "write:notifications")
async def dismiss_several(call: Call) -> web.Response:
    return await _deal_with(call, call.params.ids("id"), accepted=False)


async def _deal_with(call: Call, ids: Sequence[int], *, accepted: bool, is_one: bool = False) -> web.Response:
    async with call.writing() as session:
        found = await waiting.one_waiting(session, call.staff, ids)
        if is_one and not found:
            raise NotFound(request_id=ids[0])
        deal = waiting.accept if accepted else waiting.turn_away
        await deal(session, found, by=call.staff)
    return answers.answer({})
