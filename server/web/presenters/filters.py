"""Filters as pages show them: the list, and the form for one."""

from collections.abc import Iterable

from models.base import now
from models.filters import CONTEXTS
from models.tables import Filter, FilterAction
from server.i18n import gettext as _
from server.web import views
from server.web.presenters.sight import Sight
from server.web.presenters.unheard import durations

NEW = ("new-1", "new-2", "new-3")
"""The fields for words that are not in the filter yet."""


def place_words(context: str) -> str:
    return {
        "home": _("Start and groups"),
        "notifications": _("Notifications"),
        "public": _("Topics and public timelines"),
        "thread": _("Conversations"),
        "account": _("Profiles"),
    }[context]


def action_words(action: FilterAction) -> str:
    return {
        FilterAction.WARN: _("Fold it, with the name of the filter"),
        FilterAction.HIDE: _("Leave it out"),
        FilterAction.BLUR: _("Cover its pictures"),
    }[action]


def row(sight: Sight, found: Filter) -> views.FilterRow:
    return views.FilterRow(
        title=found.title,
        words=tuple(each.keyword for each in found.keywords),
        posts=len(found.posts),
        places=tuple(place_words(name) for name in found.contexts),
        action=action_words(FilterAction(found.action)),
        url=sight.url("filter", filter_id=found.id),
        delete_url=sight.url("filter-end", filter_id=found.id),
        until=sight.moment(found.expires_at) if found.expires_at is not None else None,
        is_over=found.expires_at is not None and found.expires_at <= now(),
    )


def form(sight: Sight, found: Filter | None, typed: views.Form | None) -> views.FilterFormView:
    """The form for a new filter, or for one that is there."""
    keywords = tuple(found.keywords) if found is not None else ()
    stays = (views.Choice("", _("as it is")),) if found is not None else ()
    return views.FilterFormView(
        action=sight.url("filters-new") if found is None else sight.url("filter", filter_id=found.id),
        form=typed or views.Form(values=_values(found)),
        words=(*(str(each.id) for each in keywords), *NEW),
        places=tuple(views.Choice(f"in-{name}", place_words(name)) for name in CONTEXTS),
        actions=tuple(views.Choice(str(action), action_words(action)) for action in FilterAction),
        durations=(*stays, *durations()),
        until=sight.moment(found.expires_at) if found is not None and found.expires_at is not None else None,
        title=found.title if found is not None else "",
        posts=len(found.posts) if found is not None else 0,
    )


def _values(found: Filter | None) -> dict[str, str]:
    """The fields as somebody would fill them in for a filter; for a new one as most want it."""
    if found is None:
        return {"action": "warn", "lasts": "0", **{f"in-{name}": "on" for name in CONTEXTS}, **_whole(NEW)}
    words = {f"word-{each.id}": each.keyword for each in found.keywords}
    whole = _whole(str(each.id) for each in found.keywords if each.whole_word)
    places = {f"in-{name}": "on" for name in found.contexts}
    return {"title": found.title, "action": str(found.action), "lasts": "", **words, **whole, **places, **_whole(NEW)}


def _whole(names: Iterable[str]) -> dict[str, str]:
    return {f"whole-{name}": "on" for name in names}
