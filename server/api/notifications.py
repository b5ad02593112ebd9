"""Notifications, one by one; which types clients get: `entities.notifications`. In groups: `grouped`."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from aiohttp import web
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import notifications, policy
from models.errors import NotFound
from models.notifications.grouping import is_head
from models.paging import Page, bounded, prepared_page
from models.posts import outlines
from models.prepared import prepare
from models.tables import Actor, Notification, NotificationType, Report, Severance
from models.viewers import Staff
from server.api import answers
from server.api.entities import notifications as entities
from server.api.entities.notifications import TYPES, Told
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.params import Params
from server.api.routing import Call, Routes

routes = Routes()

_Types = tuple[NotificationType, ...]


@routes.get("/api/v1/notifications", "read:notifications")
async def listed(call: Call) -> web.Response:
    async with call.reading() as session:
        told = await told_on_page(session, call)
        bodies = await rendered(call.app, session, call.staff, told)
    return answers.answer_list(bodies, headers=links(call, [line.id for line in told]))


async def told_on_page(session: AsyncSession, call: Call, together: _Types | None = None) -> list[Told]:
    """One's own on the page asked for, as far as `types[]`, `exclude_types[]` and `account_id` go.

    With `together` only those that stand for their group, when these types are grouped.
    """
    page = call.page(40, 80)
    shape, numbers = prepared_page(page)
    from_id = call.params.id("account_id")
    filtered = call.params.flag("include_filtered")
    facts = (types_of(call.params), from_id is not None, together, filtered)
    statement, values = prepare(call.staff, _page_of, facts, shape)
    rows = (await session.execute(statement, {**values, **numbers, "from_id": from_id})).all()
    return [Told(*row) for row in (rows if page.min_id is None else reversed(rows))]


def types_of(sent: Params) -> _Types:
    """What is asked for, of those types that clients know."""
    wanted, unwanted = sent.texts("types"), sent.texts("exclude_types")
    return tuple(type for type in TYPES if (not wanted or type in wanted) and type not in unwanted)


def _page_of(viewer: Staff, facts: tuple[_Types, bool, _Types | None, bool], page: Page) -> Any:
    types, only_from, together, filtered = facts
    statement = _narrowed(viewer, lines(viewer, types, filtered=filtered), only_from, together, filtered=filtered)
    return bounded(statement, Notification.id, page)


def _narrowed(viewer: Staff, told: Any, only_from: bool, together: _Types | None, *, filtered: bool = False) -> Any:
    if only_from:
        told = told.where(Notification.from_id == bindparam("from_id"))
    return told if together is None else told.where(is_head(viewer, together, filtered=filtered))


def lines(viewer: Staff, types: _Types = TYPES, *, filtered: bool = False) -> Any:
    return (
        notifications.of_account(viewer, filtered=filtered)
        .where(Notification.type.in_(types))
        .join(Actor, Actor.id == Notification.from_id)
        .with_only_columns(
            Notification.id,
            Notification.type,
            Notification.from_id,
            Actor.version,
            Notification.post_id,
            Notification.created_at,
            Notification.subject_id,
            Notification.group_key,
            Notification.is_filtered,
        )
    )


async def told_of(session: AsyncSession, viewer: Staff, ids: Sequence[int], *, filtered: bool = False) -> list[Told]:
    """Those among the notifications `ids` that `viewer` has and clients know, newest first."""
    statement, values = prepare(viewer, _among, filtered)
    return [Told(*row) for row in await session.execute(statement, {**values, "notification_ids": list(ids)})]


def _among(viewer: Staff, filtered: bool) -> Any:
    wanted = Notification.id.in_(bindparam("notification_ids", expanding=True))
    return lines(viewer, filtered=filtered).where(wanted)


async def rendered(app: web.Application, session: AsyncSession, viewer: Staff, told: Sequence[Told]) -> list[bytes]:
    """Mastodon's Notification for each of `told`."""
    statuses = await statuses_of(app, session, viewer, told)
    versions = {line.from_id: line.from_version for line in told}
    accounts = await app[SHELF].people(session, viewer, versions.items())
    about = await subjects(app, session, viewer, told)
    return [
        entities.notification(
            line, accounts[line.from_id], statuses.get(line.post_id or 0), about.get(line.subject_id or 0, {})
        )
        for line in told
        if line.from_id in accounts
    ]


async def statuses_of(
    app: web.Application, session: AsyncSession, viewer: Staff, told: Sequence[Told]
) -> dict[int, bytes]:
    """The posts that some notifications are about, by id."""
    ids = [line.post_id for line in told if line.post_id is not None]
    shown = list((await outlines.outlines_of(session, viewer, ids)).values())
    bodies = await app[SHELF].statuses(session, viewer, shown)
    return {line.post.id: body for line, body in zip(shown, bodies, strict=True)}


async def subjects(
    app: web.Application, session: AsyncSession, viewer: Staff, told: Iterable[Told]
) -> dict[int, dict[str, Any]]:
    """The reports and severances that some notifications are about, as far as `viewer` may see them, by id."""
    ids = {line.subject_id for line in told if line.subject_id is not None}
    if not ids:
        return {}
    found: dict[int, dict[str, Any]] = {}
    mine = select(Severance).where(Severance.id.in_(ids), Severance.account_id == viewer.account_id)
    for severance in await session.scalars(mine):
        found[severance.id] = {"event": entities.severance(severance)}
    reports = (
        await session.scalars(
            policy.visible_reports(viewer).where(Report.id.in_(ids)).options(joinedload(Report.about))
        )
    ).all()
    accounts = await app[SHELF].people(session, viewer, {(each.about.id, each.about.version) for each in reports})
    for report in reports:
        found[report.id] = {"report": msgspec.Raw(entities.report(report, accounts[report.about_id]))}
    return found


@routes.get(r"/api/v1/notifications/{id:\d+}", "read:notifications")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        told = await told_of(session, call.staff, [call.id()], filtered=True)
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
    return await dismiss_one(call, call.id())


@routes.post("/api/v1/notifications/dismiss", "write:notifications")
async def dismiss_by_parameter(call: Call) -> web.Response:
    """The older form, with the id among the parameters."""
    return await dismiss_one(call, call.params.id("id") or 0)


async def dismiss_one(call: Call, notification_id: int) -> web.Response:
    async with call.writing() as session:
        if not await told_of(session, call.staff, [notification_id], filtered=True):
            raise NotFound(notification_id=notification_id)
        await notifications.dismiss(session, by=call.staff, types=TYPES, only=notification_id)
    return answers.answer({})


@routes.get("/api/v1/notifications/unread_count", "read:notifications")
async def unread_count(call: Call) -> web.Response:
    return await count_unread(call)


async def count_unread(call: Call, together: _Types | None = None) -> web.Response:
    """How many are unread, or how many groups of `together`; the marker of one's clients says what was read."""
    most = call.params.number("limit", 100, least=1, most=1000)
    from_id = call.params.id("account_id")
    async with call.reading() as session:
        facts = (types_of(call.params), from_id is not None, together)
        statement, values = prepare(call.staff, _unread, *facts)
        found = await session.scalars(statement.limit(most), {**values, "from_id": from_id})
        return answers.answer({"count": len(found.all())})


def _unread(viewer: Staff, types: _Types, only_from: bool, together: _Types | None) -> Any:
    return _narrowed(viewer, lines(viewer, types).where(Notification.read_at.is_(None)), only_from, together)
