"""Whom somebody does not hear, as pages show it."""

from models.tables import Block, Mute
from server.i18n import gettext as _
from server.i18n import ngettext
from server.web import views
from server.web.presenters.sight import Sight

_HOURS = (1, 6)
_DAYS = (1, 3, 7, 30)


def durations() -> tuple[views.Choice, ...]:
    """For how long somebody is not heard, or a filter counts, in seconds."""
    hours = (views.Choice(str(hours * 3600), ngettext("%(num)s hour", "%(num)s hours", hours)) for hours in _HOURS)
    days = (views.Choice(str(days * 86_400), ngettext("%(num)s day", "%(num)s days", days)) for days in _DAYS)
    return (views.Choice("0", _("for good")), *hours, *days)


def muted(sight: Sight, row: Mute) -> views.UnheardRow:
    return views.UnheardRow(
        person=sight.person(row.target),
        end_url=sight.url("person-mute", handle=row.target.handle),
        until=sight.moment(row.ends_at) if row.ends_at is not None else None,
        tells=not row.hides_notifications,
    )


def blocked(sight: Sight, row: Block) -> views.UnheardRow:
    return views.UnheardRow(
        person=sight.person(row.target), end_url=sight.url("person-block", handle=row.target.handle)
    )
