"""What one's own filters say of the posts on a page: some leave it, of others only the name of the filter is seen."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from models import filters, links, polls
from models.base import now
from models.filters import Rule
from models.posts.reading import shown_by
from models.tables import Attachment, FilterAction, Post
from models.text.sanitise import to_plain
from server.web.presenters.sight import Sight

Place = Literal["", "home", "notifications", "public", "thread", "account"]
"""Where posts stand, as filters name it; nowhere that a filter counts is empty."""


async def in_force(session: AsyncSession, sight: Sight, place: Place) -> Sequence[Rule]:
    """The filters that count there now for whoever looks; most people have none, and nothing is asked."""
    staff = sight.staff
    if not place or staff is None or not staff.filter_version:
        return ()
    return [rule for rule in filters.in_force(await filters.rules_of(session, staff), now()) if place in rule.contexts]


def found(
    sight: Sight,
    rules: Sequence[Rule],
    rows: Iterable[Post],
    files: Mapping[int, Sequence[Attachment]],
    standings: Mapping[int, polls.Standing],
) -> dict[int, Rule]:
    """The strictest filter that matches each of `rows`, by its id; nobody's own posts are filtered."""
    matched: dict[int, Rule] = {}
    for post in rows if rules else ():
        shown = shown_by(post)
        if sight.staff is not None and shown.author_id == sight.staff.actor_id:
            continue
        standing = standings.get(shown.id)
        text = filters.said(
            (shown.warning, shown.title, to_plain(shown.html)),
            () if standing is None else (option.title for option in standing.poll.options),
            (file.description for file in files.get(shown.id, ())),
            links.pages_in(shown.html),
        )
        hits = [hit.rule for hit in filters.sift(rules, text, {post.id, shown.id})]
        if not files.get(shown.id):
            hits = [rule for rule in hits if rule.action is not FilterAction.BLUR]  # that is about pictures alone
        if hits:
            matched[post.id] = min(hits, key=lambda rule: _STRICTEST.index(rule.action))
    return matched


_STRICTEST = (FilterAction.HIDE, FilterAction.WARN, FilterAction.BLUR)
