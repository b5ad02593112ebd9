"""Notifications in groups (Mastodon 4.3), and at the addresses they had while that was being made."""

from typing import Any

import msgspec
from aiohttp import web
from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound
from models.notifications import TOGETHER, grouping
from models.paging import Page, bounded
from models.prepared import prepare
from models.tables import Notification, NotificationType
from models.viewers import Staff
from server.api import answers
from server.api.entities import notifications as entities
from server.api.entities.notifications import Told
from server.api.entities.shelf import SHELF
from server.api.notifications import count_unread, dismiss_one, lines, statuses_of, subjects, told_of, told_on_page
from server.api.paging import links
from server.api.params import BadValue, Params, id_of
from server.api.routing import Call, Routes

routes = Routes()

_BASES = ("/api/v2/notifications", "/api/v2_alpha/notifications")
_KEY = r"/{group_key:[a-z_.]+-[\d-]+}"
_ALONE = "ungrouped-"
_MOST_PEOPLE = 1000
_EXPANSIONS = ("full", "partial_avatars")


@routes.get(_BASES[0], "read:notifications")
@routes.get(_BASES[1], "read:notifications")
async def listed(call: Call) -> web.Response:
    """A page of groups, the accounts and statuses once beside them; each group stands on one page only."""
    expand = call.params.text("expand_accounts") or "full"
    if expand not in _EXPANSIONS:
        raise BadValue(field="expand_accounts")
    together = _together(call.params)
    async with call.reading() as session:
        told = await told_on_page(session, call, together)
        body = await _grouped(call, session, told, together, is_partial=expand != "full")
    return answers.answer(body, headers=links(call, [line.id for line in told]))


def _together(sent: Params) -> tuple[NotificationType, ...]:
    """The types a client wants in groups, of those that can be; all of them when it does not say.

    What comes from one person alone is no group.
    """
    if sent.id("account_id") is not None:
        return ()
    wanted = sent.texts("grouped_types")
    return tuple(type for type in TOGETHER if not wanted or type in wanted)


async def _grouped(
    call: Call, session: AsyncSession, told: list[Told], together: tuple[NotificationType, ...], *, is_partial: bool
) -> dict[str, Any]:
    statuses = await statuses_of(call.app, session, call.staff, told)
    about = await subjects(call.app, session, call.staff, told)
    keys = [line.group_key for line in told if line.group_key and line.type in together]
    found = await grouping.gathered(session, call.staff, keys)
    people: dict[int, int] = {}
    first = {line.from_id for line in told}
    for line in told:
        people[line.from_id] = line.from_version
    for each in found.values():
        people.update(each.people)
    accounts = await call.app[SHELF].people(session, call.staff, people.items())
    groups = [
        entities.notification_group(
            line,
            found.get(line.group_key) if line.type in together else None,
            status_id=line.post_id if (line.post_id or 0) in statuses else None,
            subject=about.get(line.subject_id or 0, {}),
        )
        for line in told
        if line.from_id in accounts
    ]
    body: dict[str, Any] = {
        "accounts": [msgspec.Raw(each) for key, each in accounts.items() if not is_partial or key in first],
        "statuses": [msgspec.Raw(each) for each in statuses.values()],
        "notification_groups": groups,
    }
    if is_partial:
        body["partial_accounts"] = [entities.partial(each) for key, each in accounts.items() if key not in first]
    return body


@routes.get(f"{_BASES[0]}/unread_count", "read:notifications")
@routes.get(f"{_BASES[1]}/unread_count", "read:notifications")
async def unread_count(call: Call) -> web.Response:
    """How many groups have something unread."""
    return await count_unread(call, _together(call.params))


@routes.get(_BASES[0] + _KEY, "read:notifications")
@routes.get(_BASES[1] + _KEY, "read:notifications")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        head = await _head(call, session)
        together = TOGETHER if not call.name("group_key").startswith(_ALONE) else ()
        return answers.answer(await _grouped(call, session, [head], together, is_partial=False))


@routes.get(f"{_BASES[0]}{_KEY}/accounts", "read:notifications", "write:notifications")
@routes.get(f"{_BASES[1]}{_KEY}/accounts", "read:notifications", "write:notifications")
async def accounts_of(call: Call) -> web.Response:
    """Everybody a group is about, the newest first."""
    key = call.name("group_key")
    async with call.reading() as session:
        head = await _head(call, session)
        people = [(head.from_id, head.from_version)]
        if not key.startswith(_ALONE):
            people = await grouping.people_of(session, call.staff, key, most=_MOST_PEOPLE)
        return answers.answer_list(await call.app[SHELF].accounts(session, call.staff, people))


@routes.post(f"{_BASES[0]}{_KEY}/dismiss", "write:notifications")
@routes.post(f"{_BASES[1]}{_KEY}/dismiss", "write:notifications")
async def dismiss(call: Call) -> web.Response:
    key = call.name("group_key")
    async with call.reading() as session:
        head = await _head(call, session)
    if key.startswith(_ALONE):
        return await dismiss_one(call, head.id)
    async with call.writing() as session:
        await grouping.dismiss_line(session, key, by=call.staff)
    return answers.answer({})


async def _head(call: Call, session: AsyncSession) -> Told:
    """The newest notification of the group in the address. Raises NotFound."""
    key = call.name("group_key")
    if key.startswith(_ALONE):
        try:
            told = await told_of(session, call.staff, [id_of(key.removeprefix(_ALONE))])
        except BadValue:
            raise NotFound(group_key=key) from None
    else:
        statement, values = prepare(call.staff, _heads)
        told = [Told(*row) for row in await session.execute(statement, {**values, "group_key": key})]
    if not told:
        raise NotFound(group_key=key)
    return told[0]


def _heads(viewer: Staff) -> Any:
    of_group = lines(viewer).where(Notification.group_key == bindparam("group_key"), Notification.group_key != "")
    return bounded(of_group, Notification.id, Page(limit=1))
