"""What open streams are told of announcements."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import announcements, journal
from models.tables import Announcement
from server.api import announcements as answering
from server.api.answers import encoded
from server.api.entities.announcements import reaction
from server.streaming.sayings import Saying, tells


@tells(journal.Announced)
async def announced(app: web.Application, session: AsyncSession, entry: journal.Announced) -> Sequence[Saying]:
    """It is the same for all, so it says neither who read it nor whose its reactions are."""
    row = await session.get(Announcement, entry.announcement_id)
    if row is None:
        return ()
    [entity] = await answering.entities_of(app, session, None, [(row, False)])
    return (Saying("announcement", encoded(entity)),)


@tells(journal.AnnouncementReacted)
async def reacted(app: web.Application, session: AsyncSession, entry: journal.AnnouncementReacted) -> Sequence[Saying]:
    found = (await announcements.signs_of(session, [entry.announcement_id])).get(entry.announcement_id, ())
    sign = next((sign for sign in found if sign.name == entry.name), announcements.Sign(entry.name, 0, False))
    entity = reaction(app, sign, await answering.own_emojis(session), is_own=False)
    return (Saying("announcement.reaction", encoded({**entity, "announcement_id": str(entry.announcement_id)})),)


@tells(journal.AnnouncementOver)
async def over(app: web.Application, session: AsyncSession, entry: journal.AnnouncementOver) -> Sequence[Saying]:
    return (Saying("announcement.delete", b"%d" % entry.announcement_id),)
