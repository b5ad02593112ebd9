"""The inbox: what concerns somebody, as sentences, in three piles."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from models import egress, groups
from models.filters import Rule
from models.posts import reading
from models.tables import FilterAction, Group, Notification, NotificationType, Post
from models.text import sanitise
from models.viewers import Staff
from server.i18n import gettext as _
from server.i18n import ngettext
from server.web import views
from server.web.presenters import filtering
from server.web.presenters.posts import look_around, reach_of
from server.web.presenters.sight import Sight

_EXCERPT = 160
_KINDS: dict[NotificationType, str] = {
    NotificationType.MENTION: "mention",
    NotificationType.FAVOURITE: "like",
    NotificationType.REBLOG: "boost",
    NotificationType.QUOTE: "mention",
    NotificationType.APPROVAL_ASKED: "approval",
    NotificationType.APPROVED: "approved",
    NotificationType.RETURNED: "returned",
    NotificationType.INVITED: "join",
    NotificationType.REPORT: "report",
    NotificationType.REMOVED: "returned",
    NotificationType.RESTORED: "approved",
    NotificationType.BANNED: "returned",
    NotificationType.NOT_PUBLISHED: "returned",
    NotificationType.FOLLOW_REQUEST: "join",
}
_FOR_YOU = ("mention", "approval", "approved", "returned", "join", "report")
_DUTIES = (NotificationType.APPROVAL_ASKED, NotificationType.RETURNED, NotificationType.REPORT)
"""What somebody has to see to, whatever words are in it."""
_TOGETHER = (NotificationType.FAVOURITE, NotificationType.REBLOG)


async def inbox(
    session: AsyncSession, sight: Sight, rows: Sequence[Notification], *, paging: views.Paging, unread: bool
) -> views.NotificationsView:
    """`rows`, newest first, as three piles; thanks for one post make one line."""
    staff = sight.staff
    assert staff is not None  # noqa: S101 - visitors have no inbox
    seen = [row.post for row in rows if row.post is not None]
    around, sight = await look_around(session, sight, seen)
    companies = await egress.company_names(session, {row.by.host for row in rows})
    sight = sight.naming(companies)
    named = await groups.named(session, staff, {row.group_id for row in rows if row.group_id is not None})
    rules = await filtering.in_force(session, sight, "notifications")
    matched = filtering.found(sight, rules, seen, around.extras.files, around.polls)
    lines = []
    for pile in _piles(rows):
        row = pile[0]
        rule = matched.get(row.post_id or 0) if row.type not in _DUTIES else None
        if rule is not None and rule.action is FilterAction.HIDE:
            continue
        parent = around.parents.get(row.post.reply_to_id or 0) if row.post is not None else None
        lines.append(
            _line(
                sight,
                pile,
                kind=_kind(row, staff, parent),
                group=named.get(row.group_id or 0),
                reach=reach_of(sight, reading.shown_by(row.post), around) if row.post is not None else None,
                rule=rule,
            )
        )
    return views.NotificationsView(
        for_you=tuple(line for line in lines if line.kind in _FOR_YOU),
        replies=tuple(line for line in lines if line.kind == "reply"),
        other=tuple(line for line in lines if line.kind not in (*_FOR_YOU, "reply")),
        read_all_url=sight.url("notifications-read") if unread else None,
        paging=paging,
    )


def _piles(rows: Sequence[Notification]) -> list[list[Notification]]:
    piles: dict[tuple[str, int], list[Notification]] = {}
    for row in rows:
        key = (str(row.type), row.post_id or 0) if row.type in _TOGETHER else ("", row.id)
        piles.setdefault(key, []).append(row)
    return list(piles.values())


def _kind(row: Notification, staff: Staff, parent: Post | None) -> str:
    if row.type is NotificationType.MENTION and parent is not None and parent.author_id == staff.actor_id:
        return "reply"
    return _KINDS.get(row.type, "other")


def _line(
    sight: Sight,
    pile: Sequence[Notification],
    *,
    kind: str,
    group: Group | None,
    reach: views.Reach | None,
    rule: Rule | None,
) -> views.NotificationRow:
    row = pile[0]
    words = excerpt(row.post) if row.post is not None else ""
    return views.NotificationRow(
        id=str(row.id),
        people=tuple(sight.person(each.by) for each in pile),
        sentence=_sentence(sight, pile, kind, group),
        url=_address(sight, row, group),
        at=sight.moment(row.created_at),
        kind=kind,  # type: ignore[arg-type]
        excerpt=words if rule is None else _("Filtered: %(title)s", title=rule.title),
        reach=reach,
        unread=any(each.read_at is None for each in pile),
        archive_url=sight.url("notification-read", notification_id=row.id)
        if any(each.read_at is None for each in pile)
        else None,
    )


def excerpt(post: Post) -> str:
    """The first words of a post as plain text."""
    post = reading.shown_by(post)
    if post.warning:
        return post.warning
    return sanitise.excerpt(post.title or sanitise.to_plain(post.html), _EXCERPT)


def _address(sight: Sight, row: Notification, group: Group | None) -> str:
    if row.type is NotificationType.APPROVAL_ASKED:
        return sight.url("approvals")
    if row.type is NotificationType.REPORT:
        return sight.url("reports")
    if row.type is NotificationType.NOT_PUBLISHED:
        return sight.url("scheduled")
    if row.post_id is not None:
        return sight.url("post", post_id=row.post_id)
    if group is not None and row.type is NotificationType.FOLLOW_REQUEST:
        return sight.url("group-members", handle=group.actor.handle) + "#waiting"
    if group is not None:
        return sight.actor_url(group.actor)
    return sight.actor_url(row.by)


def _sentence(sight: Sight, pile: Sequence[Notification], kind: str, group: Group | None) -> str:
    row = pile[0]
    name = _names(sight, pile)
    where = group.actor.shown_name if group is not None else ""
    several = len({each.from_id for each in pile})
    sentences = {
        NotificationType.MENTION: _("%(name)s answers you", name=name)
        if kind == "reply"
        else _("%(name)s names you", name=name),
        NotificationType.FAVOURITE: ngettext("%(name)s thanks you", "%(name)s thank you", several, name=name),
        NotificationType.REBLOG: ngettext(
            "%(name)s passed your post on", "%(name)s passed your post on", several, name=name
        ),
        NotificationType.FOLLOW: _("%(name)s follows you", name=name),
        NotificationType.FOLLOW_REQUEST: _("%(name)s wants to join %(group)s", name=name, group=where)
        if group is not None
        else _("%(name)s wants to follow you", name=name),
        NotificationType.STATUS: _("%(name)s wrote something", name=name),
        NotificationType.UPDATE: _("%(name)s changed a post you passed on", name=name),
        NotificationType.QUOTE: _("%(name)s quotes you", name=name),
        NotificationType.QUOTED_UPDATE: _("%(name)s changed a post you quoted", name=name),
        NotificationType.SEVERED: _("You blocked a server: nobody there follows you any more, nor you them"),
        NotificationType.POLL: _("The poll of %(name)s is over: see the result", name=name),
        NotificationType.APPROVAL_ASKED: _("%(name)s hands in a post for %(group)s", name=name, group=where),
        NotificationType.APPROVED: _("%(name)s approved your post in %(group)s", name=name, group=where),
        NotificationType.RETURNED: _("%(name)s returned your post in %(group)s", name=name, group=where),
        NotificationType.INVITED: _("%(name)s invites you to %(group)s", name=name, group=where),
        NotificationType.REPORT: _("Somebody reported %(name)s", name=name),
        NotificationType.REMOVED: _("%(name)s took your post out of %(group)s", name=name, group=where),
        NotificationType.RESTORED: _("%(name)s brought your post back to %(group)s", name=name, group=where),
        NotificationType.NOT_PUBLISHED: _("A post of yours could not be published at its time"),
        NotificationType.BANNED: _("%(name)s banned you from %(group)s", name=name, group=where),
    }
    return sentences[row.type]


def _names(sight: Sight, pile: Sequence[Notification]) -> str:
    """Who it was; outsiders with their company, which is the first thing to know of them."""
    people = list({each.from_id: sight.person(each.by) for each in pile}.values())
    words = [
        _("%(name)s (%(company)s)", name=one.name, company=one.company) if one.company else one.name for one in people
    ]
    if len(words) == 1:
        return words[0]
    if len(words) == 2:
        return _("%(one)s and %(other)s", one=words[0], other=words[1])
    rest = len(words) - 1
    return ngettext("%(one)s and %(num)s other", "%(one)s and %(num)s others", rest, one=words[0])
