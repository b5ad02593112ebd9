"""Notifications, one by one and in groups of one; which types clients get: `entities.notifications`."""

from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web
from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncSession

from models import notifications
from models.errors import NotFound
from models.paging import Page, bounded, prepared_page
from models.posts import outlines
from models.prepared import prepare
from models.tables import Actor, Notification, NotificationType
from models.viewers import Staff
from server.api import answers
from server.api.entities import notifications as entities
from server.api.entities.notifications import TYPES, Told
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.params import Params
from server.api.routing import Call, Routes

routes = Routes()


@routes.get("/api/v1/notifications", "read:notifications")
async def listed(call: Call) -> web.Response:
    async with call.reading() as session:
        told = await _told(session, call)
        bodies = await rendered(call.app, session, call.staff, told)
    return answers.answer_list(bodies, headers=links(call, [line.id for line in told]))


async def _told(session: AsyncSession, call: Call) -> list[Told]:
    """One's own on the page asked for, as far as `types[]`, `exclude_types[]` and `account_id` go."""
    page = call.page(40, 80)
    shape, numbers = prepared_page(page)
    from_id = call.params.id("account_id")
    statement, values = prepare(call.staff, _page_of, _types(call.params), from_id is not None, shape)
    rows = (await session.execute(statement, {**values, **numbers, "from_id": from_id})).all()
    return [Told(*row) for row in (rows if page.min_id is None else reversed(rows))]


def _types(sent: Params) -> tuple[NotificationType, ...]:
    wanted, unwanted = sent.texts("types"), sent.texts("exclude_types")
    return tuple(type for type in TYPES if (not wanted or type in wanted) and type not in unwanted)


def _page_of(viewer: Staff, types: tuple[NotificationType, ...], only_from: bool, page: Page) -> Any:
    statement = _lines(viewer, types)
    if only_from:
        statement = statement.where(Notification.from_id == bindparam("from_id"))
    return bounded(statement, Notification.id, page)


def _lines(viewer: Staff, types: tuple[NotificationType, ...] = TYPES) -> Any:
    return (
        notifications.of_account(viewer)
        .where(Notification.type.in_(types))
        .join(Actor, Actor.id == Notification.from_id)
        .with_only_columns(
            Notification.id,
            Notification.type,
            Notification.from_id,
            Actor.version,
            Notification.post_id,
            Notification.created_at,
        )
    )


async def told_of(session: AsyncSession, viewer: Staff, ids: Sequence[int]) -> list[Told]:
    """Those among the notifications `ids` that `viewer` has and clients know, newest first."""
    statement, values = prepare(viewer, _among)
    return [Told(*row) for row in await session.execute(statement, {**values, "notification_ids": list(ids)})]


def _among(viewer: Staff) -> Any:
    return _lines(viewer).where(Notification.id.in_(bindparam("notification_ids", expanding=True)))


async def rendered(app: web.Application, session: AsyncSession, viewer: Staff, told: Sequence[Told]) -> list[bytes]:
    """Mastodon's Notification for each of `told`."""
    statuses = await _statuses(app, session, viewer, told)
    versions = {line.from_id: line.from_version for line in told}
    accounts = await app[SHELF].people(session, viewer, versions.items())
    return [
        entities.notification(line, accounts[line.from_id], statuses.get(line.post_id or 0))
        for line in told
        if line.from_id in accounts
    ]


async def _statuses(
    app: web.Application, session: AsyncSession, viewer: Staff, told: Sequence[Told]
) -> dict[int, bytes]:
    ids = [line.post_id for line in told if line.post_id is not None]
    lines = list((await outlines.outlines_of(session, viewer, ids)).values())
    bodies = await app[SHELF].statuses(session, viewer, lines)
    return {line.post.id: body for line, body in zip(lines, bodies, strict=True)}


@routes.get(r"/api/v1/notifications/{id:\d+}", "read:notifications")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        told = await told_of(session, call.staff, [call.id()])
        if not told:
            raise NotFound(notification_id=call.id())
        return answers.answer_bytes((await rendered(call.app, session, call.staff, told))[0])


@routes.post("/api/v1/notifications/clear", "write:notifications")
async def clear(call: Call) -> web.Response:
    """Throw away all that clients know of; what waits at a gate stays where it is shown, on the web."""
    async with call.writing() as session:
        await notifications.dismiss(session, by=call.staff, types=TYPES)
    return answers.answer({})


@routes.post(r"/api/v1/notifications/{id:\d+}/dismiss", "write:notifications")
async def dismiss(call: Call) -> web.Response:
    return await _dismiss(call, call.id())


@routes.post("/api/v1/notifications/dismiss", "write:notifications")
async def dismiss_by_parameter(call: Call) -> web.Response:
    """The older form, with the id among the parameters."""
    return await _dismiss(call, call.params.id("id") or 0)


async def _dismiss(call: Call, notification_id: int) -> web.Response:
    async with call.writing() as session:
        if not await told_of(session, call.staff, [notification_id]):
            raise NotFound(notification_id=notification_id)
        await notifications.dismiss(session, by=call.staff, types=TYPES, only=notification_id)
    return answers.answer({})


@routes.get("/api/v1/notifications/unread_count", "read:notifications")
@routes.get("/api/v2/notifications/unread_count", "read:notifications")
async def unread_count(call: Call) -> web.Response:
    most = call.params.number("limit", 100, least=1, most=1000)
    async with call.reading() as session:
        unread = _lines(call.staff, _types(call.params)).where(Notification.read_at.is_(None))
        found = await session.scalars(unread.limit(most))
        return answers.answer({"count": len(found.all())})


# Grouped (Mastodon 4.3)


@routes.get("/api/v2/notifications", "read:notifications")
async def grouped(call: Call) -> web.Response:
    """Every notification as a group of its own, with the accounts and statuses once beside them."""
    async with call.reading() as session:
        told = await _told(session, call)
        body = await _grouped(call, session, told)
    return answers.answer(body, headers=links(call, [line.id for line in told]))


async def _grouped(call: Call, session: AsyncSession, told: Sequence[Told]) -> dict[str, Any]:
    statuses = await _statuses(call.app, session, call.staff, told)
    accounts = await call.app[SHELF].people(session, call.staff, {(line.from_id, line.from_version) for line in told})
    page = (told[-1].id, told[0].id) if told else (0, 0)
    return {
        "accounts": [msgspec.Raw(body) for body in accounts.values()],
        "statuses": [msgspec.Raw(body) for body in statuses.values()],
        "notification_groups": [
            entities.notification_group(
                line, status_id=line.post_id if (line.post_id or 0) in statuses else None, page=page
            )
            for line in told
        ],
    }


@routes.get(r"/api/v2/notifications/{group_key:ungrouped-\d+}", "read:notifications")
async def one_group(call: Call) -> web.Response:
    async with call.reading() as session:
        return answers.answer(await _grouped(call, session, await _group(call, session)))


@routes.get(r"/api/v2/notifications/{group_key:ungrouped-\d+}/accounts", "read:notifications", "write:notifications")
async def accounts_of_group(call: Call) -> web.Response:
    async with call.reading() as session:
        told = await _group(call, session)
        versions = [(line.from_id, line.from_version) for line in told]
        return answers.answer_list(await call.app[SHELF].accounts(session, call.staff, versions))


@routes.post(r"/api/v2/notifications/{group_key:ungrouped-\d+}/dismiss", "write:notifications")
async def dismiss_group(call: Call) -> web.Response:
    async with call.reading() as session:
        told = await _group(call, session)
    return await _dismiss(call, told[0].id)


async def _group(call: Call, session: AsyncSession) -> list[Told]:
    number = call.name("group_key").removeprefix("ungrouped-")
    told = await told_of(session, call.staff, [int(number)] if len(number) < 19 else [])
    if not told:
        raise NotFound(group_key=number)
    return told


_POLICY = {
    "for_not_following": "accept",
    "for_not_followers": "accept",
    "for_new_accounts": "accept",
    "for_private_mentions": "accept",
    "for_limited_accounts": "accept",
    "summary": {"pending_requests_count": 0, "pending_notifications_count": 0},
}


@routes.get("/api/v2/notifications/policy", "read:notifications")
async def policy(call: Call) -> web.Response:
    """Everything is let through: who may reach people here was decided when a partner was admitted."""
    return answers.answer(_POLICY)


@routes.get("/api/v1/notifications/policy", "read:notifications")
async def policy_v1(call: Call) -> web.Response:
    """The form before 4.3 was finished."""
    filters = ("not_following", "not_followers", "new_accounts", "private_mentions")
    return answers.answer({**{f"filter_{name}": False for name in filters}, "summary": _POLICY["summary"]})


@routes.get("/api/v1/notifications/requests", "read:notifications")
async def requests(call: Call) -> web.Response:
    return answers.answer([])


@routes.get("/api/v1/notifications/requests/merged", "read:notifications")
async def requests_merged(call: Call) -> web.Response:
    return answers.answer({"merged": True})
