"""How far somebody has read, kept for their clients, so that each begins where the other stopped."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import now
from models.tables import Account, Marker
from models.viewers import Staff

TIMELINES = ("home", "notifications")


async def of_account(session: AsyncSession, viewer: Staff, timelines: Collection[str]) -> dict[str, Marker]:
    """The markers of `timelines` that were ever set; notifications have one from the first day.

    Clients count what came after it, and one that finds none counts nothing or fails.
    """
    found = await _set(session, viewer, timelines)
    if "notifications" in timelines and "notifications" not in found:
        since = await session.scalar(select(Account.created_at).where(Account.id == viewer.account_id)) or now()
        found["notifications"] = Marker(last_read_id=0, version=0, updated_at=since)
    return found


async def move(session: AsyncSession, places: Mapping[str, int], *, by: Staff) -> dict[str, Marker]:
    """Set markers to the ids of what was read last; each setting is a new version."""
    markers = await _set(session, by, places)
    for timeline, last_read_id in places.items():
        if timeline not in TIMELINES:
            continue
        marker = markers.get(timeline)
        if marker is None:
            marker = Marker(account_id=by.account_id, timeline=timeline, version=0)
            markers[timeline] = marker
            session.add(marker)
        marker.last_read_id = last_read_id
        marker.version += 1
        marker.updated_at = now()
    await session.flush()
    return markers


async def _set(session: AsyncSession, viewer: Staff, timelines: Collection[str]) -> dict[str, Marker]:
    wanted = [name for name in timelines if name in TIMELINES]
    found = await session.scalars(
        select(Marker).where(Marker.account_id == viewer.account_id, Marker.timeline.in_(wanted))
    )
    return {marker.timeline: marker for marker in found}
