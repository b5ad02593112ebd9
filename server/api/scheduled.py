"""Posts for later: handing one in, looking at what waits, choosing another time, taking one back."""

from collections.abc import Iterable
from datetime import UTC, datetime

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import scheduled, tokens
from models.paging import page_of
from models.tables import ScheduledPost
from server.api import answers, drafting
from server.api.entities.scheduled import scheduled_status
from server.api.paging import links
from server.api.params import BadValue, Params
from server.api.routing import Call, Routes

routes = Routes()


async def create(call: Call) -> web.Response | int:
    """Keep a post for its time. The same Idempotency-Key within a day answers with what was kept the first time, or
    is the id of the post that it has become."""
    at = _time(call.params)
    key = drafting.key_of(call)
    async with call.writing() as session:
        if key and (before := await tokens.answered_before(session, by=call.staff, key=key)) is not None:
            found = await session.scalar(scheduled.of_account(call.staff).where(ScheduledPost.id == before))
            if found is None:
                return before
            row = found
        else:
            word = call.params.text("visibility").strip().lower()
            said = {
                "visibility": word or drafting.begins_for(session, call.beginning.visibility),
                "idempotency": key or None,
            }
            row = await scheduled.schedule(session, drafting.draft_of(call, session), at, by=call.staff, said=said)
            if key:
                await tokens.remember_answer(session, by=call.staff, key=key, post_id=row.id)
        return await _answer(call, session, row)


@routes.get("/api/v1/scheduled_statuses", "read:statuses")
async def listed(call: Call) -> web.Response:
    """One's own posts that wait for their time, and those that could not be published."""
    page = call.page(20, 40)
    async with call.reading() as session:
        rows = await page_of(session, scheduled.of_account(call.staff), ScheduledPost.id, page)
        bodies = await _entities(call, session, rows)
    return answers.answer(bodies, headers=links(call, [row.id for row in rows]))


@routes.get(r"/api/v1/scheduled_statuses/{id:\d+}", "read:statuses")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        return await _answer(call, session, await scheduled.one(session, call.id(), by=call.staff))


@routes.put(r"/api/v1/scheduled_statuses/{id:\d+}", "write:statuses")
async def update(call: Call) -> web.Response:
    """Choose another time; what is to be said stays."""
    async with call.writing() as session:
        await scheduled.one(session, call.id(), by=call.staff)
        row = await scheduled.move(session, call.id(), _time(call.params), by=call.staff)
        return await _answer(call, session, row)


@routes.delete(r"/api/v1/scheduled_statuses/{id:\d+}", "write:statuses")
async def delete(call: Call) -> web.Response:
    async with call.writing() as session:
        await scheduled.cancel(session, call.id(), by=call.staff)
    return answers.answer({})


def _time(sent: Params) -> datetime:
    """`scheduled_at`, in UTC where it names no zone. Raises BadValue."""
    try:
        at = datetime.fromisoformat(sent.text("scheduled_at").strip())
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValue(field="scheduled_at") from None


async def _answer(call: Call, session: AsyncSession, row: ScheduledPost) -> web.Response:
    return answers.answer((await _entities(call, session, [row]))[0])


async def _entities(call: Call, session: AsyncSession, rows: Iterable[ScheduledPost]) -> list[dict[str, object]]:
    rows = list(rows)
    files = await scheduled.files(session, rows)
    return [
        scheduled_status(call.app, row, files, failure=call.words(row.failure) if row.failure else None) for row in rows
    ]
