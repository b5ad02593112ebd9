"""The dashboard: numbers by day, what they are made of, and whether people stay. Unknown names are passed over."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from aiohttp import web

from models import figures
from models.base import now
from models.figures import Cohort, Measure, Share, Span
from server import VERSION
from server.api import answers
from server.api.entities.times import instant
from server.api.params import BadValue, Params
from server.api.routing import Access, Call, Routes

routes = Routes()

_READ = "admin:read"
_KEYS = 20
_USUAL = timedelta(days=29)
_MANY = 100


@routes.post("/api/v1/admin/measures", _READ, access=Access.ADMIN)
async def measures(call: Call) -> web.Response:
    span = _span(call.params)
    made = []
    async with call.reading() as session:
        for name in call.params.texts("keys")[:_KEYS]:
            found = await figures.measure(session, call.staff, name, span, subject=_subject(call.params, name))
            if found is not None:
                made.append(_measure(name, found))
    return answers.answer(made)


@routes.post("/api/v1/admin/dimensions", _READ, access=Access.ADMIN)
async def dimensions(call: Call) -> web.Response:
    span = _span(call.params)
    limit = call.params.number("limit", 10, least=1, most=_MANY)
    made = []
    async with call.reading() as session:
        for name in call.params.texts("keys")[:_KEYS]:
            if name == "software_versions":
                made.append(_software())
                continue
            subject = _subject(call.params, name)
            found = await figures.dimension(session, call.staff, name, span, subject=subject, limit=limit)
            if found is not None:
                made.append(_dimension(call, name, found))
    return answers.answer(made)


@routes.post("/api/v1/admin/retention", _READ, access=Access.ADMIN)
async def retention(call: Call) -> web.Response:
    frequency = call.params.text("frequency", "day")
    if frequency not in ("day", "month"):
        raise BadValue(field="frequency")
    async with call.reading() as session:
        found = await figures.retention(session, call.staff, _span(call.params), monthly=frequency == "month")
    return answers.answer([_cohort(each, frequency) for each in found])


def _span(sent: Params) -> Span:
    """The days asked for, the last thirty without; a year at most. Raises BadValue."""
    last = _day(sent, "end_at") or now().date()
    first = _day(sent, "start_at") or last - _USUAL
    if first > last:
        raise BadValue(field="start_at")
    return Span(max(first, last - timedelta(days=figures.MOST_DAYS - 1)), last)


def _day(sent: Params, name: str) -> date | None:
    text = sent.text(name).strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        day = (found.astimezone(UTC) if found.tzinfo is not None else found).date()
    except (ValueError, OverflowError):
        raise BadValue(field=name) from None
    if not 2000 <= day.year <= 2100:
        raise BadValue(field=name)
    return day


def _subject(sent: Params, name: str) -> str:
    """What a measure is about: `tag_uses[id]=…` or `instance_accounts[domain]=…`."""
    if not name.startswith(("tag_", "instance_")) or name not in (*figures.MEASURES, *figures.DIMENSIONS):
        return ""
    table = sent.table(name)
    return "" if table is None else table.text("id") or table.text("domain")


def _measure(name: str, found: Measure) -> dict[str, Any]:
    return {
        "key": name,
        "unit": None,
        "total": str(found.total),
        "previous_total": str(found.before),
        "data": [{"date": _at(day), "value": str(count)} for day, count in found.by_day.items()],
    }


def _dimension(call: Call, name: str, shares: Sequence[Share]) -> dict[str, Any]:
    return {"key": name, "data": [_share(call, name, each) for each in shares]}


def _software() -> dict[str, Any]:
    version = {"key": "kontor", "human_key": "Kontor", "value": VERSION, "human_value": VERSION}
    return {"key": "software_versions", "data": [version]}


def _share(call: Call, name: str, share: Share) -> dict[str, Any]:
    if name == "space_usage":
        readable = f"{share.value / 1_000_000:.1f} MB"
        return {
            "key": share.name,
            "human_key": share.name,
            "value": str(share.value),
            "unit": "bytes",
            "human_value": readable,
        }
    house = call.config.host if name.endswith("servers") and not share.name else ""
    return {"key": share.name or house, "human_key": share.name or house or "-", "value": str(share.value)}


def _cohort(found: Cohort, frequency: str) -> dict[str, Any]:
    return {
        "period": _at(found.period),
        "frequency": frequency,
        "data": [
            {"date": _at(day), "rate": round(count / found.size, 4), "value": str(count)} for day, count in found.stayed
        ],
    }


def _at(day: date) -> str:
    return instant(datetime.combine(day, time(), UTC))
