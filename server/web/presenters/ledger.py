"""Lines of the ledger in words."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import deliveries, egress, policy
from models.tables import Actor, LedgerLine, Outcome, Post
from server.i18n import gettext as _
from server.web import views
from server.web.presenters.sight import Sight

VERDICTS: dict[str, Outcome] = {
    "left": Outcome.SENT,
    "held": Outcome.HELD,
    "stopped": Outcome.STOPPED,
    "returned": Outcome.RETURNED,
    "recalled": Outcome.WITHDRAWN,
    "received": Outcome.RECEIVED,
    "refused": Outcome.REFUSED,
}
_NAMES = {str(outcome): name for name, outcome in VERDICTS.items()}


async def rows(session: AsyncSession, sight: Sight, lines: Sequence[LedgerLine]) -> tuple[views.LedgerRow, ...]:
    """`lines` with the companies' names and how far the deliveries got, in four statements."""
    staff = sight.staff
    assert staff is not None  # noqa: S101 - nobody else gets lines
    companies = await egress.company_names(session, {host for line in lines for host in line.hosts})
    arrived = await deliveries.arrivals(session, {line.activity_id for line in lines if line.activity_id is not None})
    post_ids = {line.post_id for line in lines if line.post_id is not None}
    posts = await session.execute(
        policy.visible_posts(staff).where(Post.id.in_(post_ids)).with_only_columns(Post.id, Post.title)
    )
    titles = dict(posts.all())
    group_ids = {line.group_id for line in lines if line.group_id is not None}
    groups = await session.execute(select(Actor.id, Actor.display_name).where(Actor.id.in_(group_ids)))
    names = dict(groups.all())
    return tuple(_row(sight, line, companies=companies, arrived=arrived, titles=titles, groups=names) for line in lines)


def _row(
    sight: Sight,
    line: LedgerLine,
    *,
    companies: Mapping[str, str],
    arrived: Mapping[int, deliveries.Arrival],
    titles: Mapping[int, str],
    groups: Mapping[int, str],
) -> views.LedgerRow:
    arrival = arrived.get(line.activity_id or 0, deliveries.Arrival())
    return views.LedgerRow(
        at=sight.moment(line.at),
        what=_what(line, titles, groups),
        url=sight.url("post", post_id=line.post_id) if line.post_id in titles and line.post_id else None,
        who=line.actor,
        to=tuple(companies.get(host, host) for host in line.hosts),
        rule=rule_words(line.rule),
        verdict=_NAMES[str(line.outcome)],  # type: ignore[arg-type]
        approved_by=line.approved_by,
        delivered=arrival.arrived,
        deliveries=arrival.sent,
        delivered_at=sight.moment(arrival.last) if arrival.last is not None else None,
        number=line.id,
        hash=line.hash,
    )


def _what(line: LedgerLine, titles: Mapping[int, str], groups: Mapping[int, str]) -> str:
    """What the line is about. The title of a post only for who may read it, its text for nobody."""
    thing = activity_words(line.what)
    title = titles.get(line.post_id or 0, "")
    if title:
        thing = _("%(thing)s “%(title)s”", thing=thing, title=title)
    if line.revision is not None:
        thing = _("%(thing)s, version %(number)s", thing=thing, number=line.revision)
    group = groups.get(line.group_id or 0)
    return _("%(thing)s (%(group)s)", thing=thing, group=group) if group else thing


def activity_words(kind: str) -> str:
    """The name of an activity for people; one we have no word for is shown as it is called on the wire."""
    return {
        "Create": _("New post"),
        "Update": _("Changed post"),
        "Delete": _("Deleted post"),
        "Announce": _("Post passed on by the group"),
        "Undo": _("Taking back"),
        "Like": _("Thanks"),
        "Vote": _("Vote in a poll"),
        "QuoteRequest": _("Wish to quote"),
        "Follow": _("Wish to follow"),
        "Accept": _("Consent"),
        "Reject": _("Refusal"),
        "Partner": _("All traffic with a company"),
        "Deliveries": _("All deliveries"),
        "Reach": _("Reach of a group"),
        "Flag": _("Report"),
        "Block": _("Ban from a group"),
        "Lock": _("Closed conversation"),
        "Move": _("Moving away"),
        "Add": _("Addition"),
        "Remove": _("Removal"),
        "Join": _("Joining"),
        "Leave": _("Leaving"),
    }.get(kind, kind)


def rule_words(rule: str) -> str:
    """Why, in a few words; a rule we have no words for is shown by its code."""
    return {
        "gate": _("the group's gate"),
        "agreement": _("agreement with the company"),
        "reach_public": _("the group is public"),
        "reach_partners": _("opened to partners"),
        "reach_internal": _("closed to outsiders"),
        "group_elsewhere": _("the group is theirs"),
        "direct": _("addressed to people there"),
        "public": _("written for everybody"),
        "not_a_partner": _("the company is no partner"),
        "partner_suspended": _("the partner is suspended"),
        "moderation": _("the group is kept in order"),
        "withdrawn": _("taken back by its author or the group's owner"),
        "follow": _("somebody follows"),
        "membership": _("somebody joins or leaves a group"),
        "thanks": _("somebody gave thanks"),
        "report": _("somebody reported something"),
        "forwarded": _("an answer passed on to followers"),
        "vote": _("somebody votes"),
        "quote": _("somebody quotes"),
        "consent": _("its author does not permit it"),
        "POL-2": _("its author does not permit it"),
        "profile": _("a profile changed"),
        "partner_check": _("the connection was checked"),
        "deliveries_halted": _("deliveries are halted"),
        "push_public": _("a push that says what everybody outside may know"),
        "push_notice": _("a push that says only that something happened"),
        "push_off": _("pushes are switched off"),
        "push_service": _("this push service is not allowed here"),
    }.get(rule, rule.replace("_", " "))
