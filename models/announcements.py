"""What the house tells all its people: written by admins, read, put away and answered with a sign by everybody.

An announcement is shown from the time it is published until it ends. The clock (`strike`) announces it then, and says
when it is over, so that open streams hear of both.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Select, case, delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, audit, emoji, journal, policy
from models.base import now
from models.errors import Invalid, NotFound
from models.instance import instance_of
from models.tables import Actor, Announcement, AnnouncementDismissal, AnnouncementReaction
from models.text import signs
from models.text.clean import clean_text
from models.text.markdown import Mention, find_mentions, render
from models.viewers import Staff

TEXT_LIMIT = 5000
MOST_SIGNS = 8
_AT_ONCE = 100
_NEXT = select(Announcement.due_at).where(Announcement.due_at.is_not(None)).order_by(Announcement.due_at).limit(1)


class NothingToSay(Invalid):
    """Write what everybody should know."""

    code = "empty_announcement"


class TextTooLong(Invalid):
    """An announcement has at most 5000 characters."""

    code = "announcement_too_long"


class EndsBeforeItBegins(Invalid):
    """It ends before it begins: choose a later end."""

    code = "ends_before_it_begins"


class NoSign(Invalid):
    """This is no emoji, and the house has none of that name."""

    code = "no_emoji"


class TooManySigns(Invalid):
    """There are eight different signs already: use one of those."""

    code = "too_many_reactions"


class Words(Struct, frozen=True, kw_only=True):
    """What an admin typed. Without `published_at` it is published at once; `starts_at` and `ends_at` are when that
    takes place which it speaks of, as days where it `is_all_day`."""

    text: str
    published_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_all_day: bool = False


async def announce(session: AsyncSession, words: Words, *, by: Staff) -> Announcement:
    """Publish an announcement, now or later. Raises NotAllowed, NothingToSay, TextTooLong, EndsBeforeItBegins."""
    row = Announcement(by_id=by.account_id, source="", html="", published_at=now())
    await _fill(session, row, words, by=by)
    session.add(row)
    await session.flush()
    _tell(session, row)
    audit.note(session, "announced", by=by, announcement_id=row.id)
    return row


async def change(session: AsyncSession, announcement_id: int, words: Words, *, by: Staff) -> Announcement:
    """Change one; who put it away sees it again. Raises NotFound and what `announce` raises."""
    row = await _own(session, announcement_id, by=by)
    await _fill(session, row, words, by=by)
    row.updated_at = now()
    row.told_at = None
    await session.execute(delete(AnnouncementDismissal).where(AnnouncementDismissal.announcement_id == announcement_id))
    _tell(session, row)
    audit.note(session, "announcement_changed", by=by, announcement_id=row.id)
    return row


async def take_back(session: AsyncSession, announcement_id: int, *, by: Staff) -> None:
    """Delete one. Raises NotFound, NotAllowed."""
    row = await _own(session, announcement_id, by=by)
    await session.delete(row)
    if row.told_at is not None:
        journal.record(session, journal.AnnouncementOver(announcement_id))
    audit.note(session, "announcement_deleted", by=by, announcement_id=announcement_id)


async def _own(session: AsyncSession, announcement_id: int, *, by: Staff) -> Announcement:
    policy.must_administer(by)
    row = await session.get(Announcement, announcement_id)
    if row is None:
        raise NotFound(announcement_id=announcement_id)
    return row


async def named(session: AsyncSession, source: str) -> dict[str, Actor]:
    """Whom a text names, by handle."""
    return await actors.by_handles(session, find_mentions(source))


def tags_of(source: str) -> tuple[str, ...]:
    """The hashtags in a text."""
    return render(source, mentions={}, tag_url=lambda tag: f"/tags/{tag}").hashtags


async def _fill(session: AsyncSession, row: Announcement, words: Words, *, by: Staff) -> None:
    policy.must_administer(by)
    if len(words.text) > TEXT_LIMIT:
        raise TextTooLong(field="text", limit=TEXT_LIMIT)
    source = clean_text(words.text, limit=TEXT_LIMIT * 3)
    if not source.strip():
        raise NothingToSay(field="text")
    published_at = words.published_at or now()
    begins = max(published_at, words.starts_at or published_at)
    if words.ends_at is not None and words.ends_at <= begins:
        raise EndsBeforeItBegins(field="ends_at")
    instance = instance_of(session)
    row.source = source
    people = await named(session, source)
    links = {handle: Mention(url=actor.url, handle=handle) for handle, actor in people.items()}
    row.html = render(source, mentions=links, tag_url=lambda tag: instance.url(f"/tags/{tag}")).html
    row.published_at = row.due_at = published_at
    row.starts_at, row.ends_at, row.is_all_day = words.starts_at, words.ends_at, words.is_all_day


def _tell(session: AsyncSession, row: Announcement) -> None:
    """Announce what is published by now, and wait for its end."""
    if row.told_at is None and row.published_at <= now():
        row.told_at = now()
        row.due_at = row.ends_at
        journal.record(session, journal.Announced(row.id))


async def next_strike(session: AsyncSession) -> datetime | None:
    """When one is to be announced next, or is over."""
    return await session.scalar(_NEXT)


async def strike(session: AsyncSession) -> int:
    """Announce what is due, say what is over; how many that concerned."""
    rows = await session.scalars(
        select(Announcement)
        .where(Announcement.due_at <= now())
        .order_by(Announcement.due_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    due = rows.all()
    for row in due:
        if row.told_at is None:
            _tell(session, row)
        else:
            row.due_at = None
            journal.record(session, journal.AnnouncementOver(row.id))
    return len(due)


# Reading


class Sign(Struct, frozen=True):
    """How often a sign stands under an announcement, and whether the viewer put one there."""

    name: str
    count: int
    is_own: bool


def all_of_house(by: Staff) -> Select[Announcement]:
    """Every announcement, for those who write them. Raises NotAllowed."""
    policy.must_administer(by)
    return select(Announcement)


async def listed(
    session: AsyncSession, viewer: Staff, *, with_dismissed: bool = False
) -> list[tuple[Announcement, bool]]:
    """What is announced now, newest first, and whether `viewer` put it away."""
    away = exists().where(
        AnnouncementDismissal.announcement_id == Announcement.id,
        AnnouncementDismissal.account_id == viewer.account_id,
    )
    statement = policy.visible_announcements(viewer).add_columns(away)
    if not with_dismissed:
        statement = statement.where(~away)
    newest = statement.order_by(Announcement.published_at.desc(), Announcement.id.desc()).limit(_AT_ONCE)
    return [(row, is_away) for row, is_away in await session.execute(newest)]


async def one(session: AsyncSession, viewer: Staff, announcement_id: int) -> Announcement:
    """Raises NotFound, also for what is not announced yet or is over."""
    row = await session.scalar(policy.visible_announcements(viewer).where(Announcement.id == announcement_id))
    if row is None:
        raise NotFound(announcement_id=announcement_id)
    return row


async def signs_of(
    session: AsyncSession, ids: Iterable[int], *, account_id: int | None = None
) -> dict[int, Sequence[Sign]]:
    """The signs under some announcements, the first ones first."""
    own = func.sum(case((AnnouncementReaction.account_id == (account_id or 0), 1), else_=0))
    reaction = AnnouncementReaction
    rows = await session.execute(
        select(reaction.announcement_id, reaction.name, func.count(), own)
        .where(reaction.announcement_id.in_(list(ids)))
        .group_by(reaction.announcement_id, reaction.name)
        .order_by(func.min(reaction.since), reaction.name)
    )
    found: dict[int, list[Sign]] = {}
    for announcement_id, name, count, is_own in rows:
        found.setdefault(announcement_id, []).append(Sign(name, count, bool(is_own)))
    return {key: tuple(value) for key, value in found.items()}


# What everybody does


async def dismiss(session: AsyncSession, announcement_id: int, *, by: Staff) -> None:
    """Put one away; a second time changes nothing. Raises NotFound."""
    row = await one(session, by, announcement_id)
    if await session.get(AnnouncementDismissal, (by.account_id, row.id)) is None:
        session.add(AnnouncementDismissal(account_id=by.account_id, announcement_id=row.id))


async def react(session: AsyncSession, announcement_id: int, name: str, *, by: Staff) -> None:
    """Put a sign under one: an emoji, or the shortcode of one of the house. Raises NotFound, NoSign, TooManySigns."""
    row = await one(session, by, announcement_id)
    if await session.get(AnnouncementReaction, (row.id, by.account_id, name)) is not None:
        return
    if not signs.is_emoji(name) and await emoji.own(session, name) is None:
        raise NoSign(field="name")
    known = {sign.name for sign in (await signs_of(session, [row.id])).get(row.id, ())}
    if name not in known and len(known) >= MOST_SIGNS:
        raise TooManySigns(field="name")
    session.add(AnnouncementReaction(announcement_id=row.id, account_id=by.account_id, name=name))
    journal.record(session, journal.AnnouncementReacted(row.id, name))


async def unreact(session: AsyncSession, announcement_id: int, name: str, *, by: Staff) -> None:
    """Take it away again; silent when it is not there. Raises NotFound."""
    row = await one(session, by, announcement_id)
    found = await session.get(AnnouncementReaction, (row.id, by.account_id, name))
    if found is not None:
        await session.delete(found)
        journal.record(session, journal.AnnouncementReacted(row.id, name))
