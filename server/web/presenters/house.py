"""Announcements, emoji and texts of the house, as pages show them."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from models import announcements, emoji
from models.base import now
from models.tables import Announcement, Emoji, HouseText, HouseTextName
from models.text import sanitise
from server.i18n import gettext as _
from server.web import views
from server.web.presenters.sight import Sight

_EXCERPT = 200


def row(sight: Sight, announcement: Announcement) -> views.AnnouncementRow:
    """A line of the list that admins have."""
    return views.AnnouncementRow(
        text=sanitise.excerpt(announcement.source, _EXCERPT),
        at=sight.moment(announcement.published_at),
        ends=sight.moment(announcement.ends_at) if announcement.ends_at is not None else None,
        is_over=announcement.ends_at is not None and announcement.ends_at <= now(),
        edit_url=sight.url("announcement", announcement_id=announcement.id),
        delete_url=sight.url("announcement-end", announcement_id=announcement.id),
    )


def edited(sight: Sight, announcement: Announcement, typed: views.Form | None) -> views.AnnouncementView:
    """The form that changes one, with what it says now."""
    times = {
        "published_at": announcement.published_at,
        "starts_at": announcement.starts_at,
        "ends_at": announcement.ends_at,
    }
    values = {name: _typed(sight, at) for name, at in times.items()}
    values |= {"text": announcement.source, "is_all_day": "on" if announcement.is_all_day else ""}
    return views.AnnouncementView(
        action=sight.url("announcement", announcement_id=announcement.id), form=typed or views.Form(values=values)
    )


def _typed(sight: Sight, at: datetime | None) -> str:
    """A moment as a browser's field has it, in the time zone of the house."""
    return at.astimezone(sight.zone).strftime("%Y-%m-%dT%H:%M") if at is not None else ""


def emoji_row(sight: Sight, found: Emoji) -> views.HouseEmoji:
    return views.HouseEmoji(
        shortcode=found.shortcode,
        picture_url=emoji.own_path(found.file or ""),
        category=found.category or "",
        delete_url=sight.url("house-emoji-end", emoji_id=found.id),
    )


async def told(session: AsyncSession, sight: Sight) -> Sequence[views.Announced]:
    """What is announced to whoever looks and not put away."""
    if sight.staff is None:
        return ()
    return tuple(
        views.Announced(
            html=Markup(sanitise.clean_stored(each.html)),
            at=sight.moment(each.published_at),
            dismiss_url=sight.url("announcement-dismissal", announcement_id=each.id),
        )
        for each, _is_away in await announcements.listed(session, sight.staff)
    )


def text_of(sight: Sight, text: HouseText) -> views.HouseTextView:
    titles = {
        HouseTextName.PRIVACY: _("How we handle data"),
        HouseTextName.TERMS: _("Terms of use"),
        HouseTextName.RULES: _("Rules of the house"),
    }
    return views.HouseTextView(
        title=titles[text.name],
        html=Markup(sanitise.clean_stored(text.html)),
        since=sight.moment(text.created_at),
    )
