"""Tells clients that notifications which had waited are among the others now."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models.journal import NotificationsMerged
from server.streaming.sayings import Saying, tells


@tells(NotificationsMerged)
async def merged(app: web.Application, session: AsyncSession, entry: NotificationsMerged) -> Sequence[Saying]:
    return [Saying("notifications_merged", account_id=entry.account_id)]
