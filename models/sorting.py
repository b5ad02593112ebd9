"""Whether somebody's home timeline is the usual one, or sorted by tags they follow and lists they keep apart.

The answer comes along with whoever asks (`Staff.sorts_home`), so that those who sort nothing pay nothing for it.
"""

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models import journal
from models.tables import Account, FollowedTag, ListMember, OwnList
from models.viewers import Staff


async def note(session: AsyncSession, *, by: Staff) -> None:
    """Say that `by` follows other tags now, or has others in lists that keep them apart."""
    await session.flush()
    tags = exists().where(FollowedTag.account_id == by.account_id)
    apart = exists().where(OwnList.account_id == by.account_id, OwnList.is_exclusive, ListMember.list_id == OwnList.id)
    sorts = bool(await session.scalar(select(or_(tags, apart))))
    await session.execute(update(Account).where(Account.id == by.account_id).values(sorts_home=sorts))
    journal.record(session, journal.HomeSorted(by.account_id))
