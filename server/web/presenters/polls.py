"""Polls as posts show them, and the fields that ask for one."""

from datetime import timedelta

from models.polls import MOST_OPTIONS, Standing
from models.tables import Poll
from server.i18n import gettext as _
from server.i18n import ngettext
from server.web import views
from server.web.presenters.sight import Sight

OPTION_FIELDS = tuple(f"poll-{number}" for number in range(1, MOST_OPTIONS + 1))
FIELDS = (*OPTION_FIELDS, "poll-lasts", "poll-multiple", "poll-hides")
USUALLY = timedelta(days=1)
_HOURS = (1, 6)
_DAYS = (1, 3, 7, 14, 30)


def durations(*, as_before: bool = False) -> tuple[views.Choice, ...]:
    """For how long a poll may be open, in seconds; with `as_before` also for as long as it was to be."""
    before = (views.Choice("", _("As long as before")),) if as_before else ()
    hours = (views.Choice(str(hours * 3600), ngettext("%(num)s hour", "%(num)s hours", hours)) for hours in _HOURS)
    days = (views.Choice(str(days * 86_400), ngettext("%(num)s day", "%(num)s days", days)) for days in _DAYS)
    return (*before, *hours, *days)


def typed(poll: Poll) -> dict[str, str]:
    """The fields of a form as somebody would fill them in for this poll."""
    return {
        **{name: option.title for name, option in zip(OPTION_FIELDS, poll.options, strict=False)},
        "poll-lasts": "",
        "poll-multiple": "on" if poll.is_multiple else "",
        "poll-hides": "on" if poll.hides_totals else "",
    }


def view(sight: Sight, standing: Standing) -> views.PollView:
    poll = standing.poll
    # where several answers may be chosen, a share is of the people, as it is counted elsewhere
    whole = poll.voters if poll.is_multiple else standing.votes
    shows = standing.shows_totals
    ends = standing.is_own and not standing.is_over
    return views.PollView(
        options=tuple(
            views.PollOptionView(
                position=option.position,
                title=option.title,
                votes=option.votes if shows else None,
                share=min(100, round(100 * option.votes / whole)) if shows and whole else 0,
                own=option.position in (standing.own or ()),
            )
            for option in poll.options
        ),
        multiple=poll.is_multiple,
        over=standing.is_over,
        hidden=not shows,
        voters=poll.voters,
        ends=sight.moment(poll.ends_at) if poll.ends_at is not None else None,
        vote_url=sight.url("poll-votes", poll_id=poll.id) if standing.takes_votes else None,
        end_url=sight.url("poll-end", poll_id=poll.id) if ends else None,
    )
