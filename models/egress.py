"""The one gate: what may leave, to whom, and why not.

`decide()` is asked for every revision of every post. It answers *stay* (nothing of it concerns anybody outside), *go*
(to these companies), *hold* (a gatekeeper must look first) or *stop* (it would leave, and must not). `allows()` is the
second look, for each host when a delivery is queued and when it is sent, so that a suspension bites at once.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy
from models.instance import Mode, PushContent, PushRules, instance_of
from models.tables import (
    Access,
    Account,
    Actor,
    Agreement,
    Group,
    Membership,
    MemberState,
    Notification,
    NotificationType,
    Partner,
    PartnerState,
    Peer,
    Post,
    Reach,
    Recipient,
    Visibility,
)
from models.viewers import ANONYMOUS


class Answer(StrEnum):
    STAY = "stay"
    GO = "go"
    HOLD = "hold"
    STOP = "stop"


class Company(Struct, frozen=True):
    """Somebody outside who gets a thing: a partner or another server, and how many people there."""

    host: str
    name: str
    people: int


class Decision(Struct, frozen=True, kw_only=True):
    """The gate's answer with its reason: `rule` is a stable word, `refused` the hosts that a *stop* is about.

    `companies` are those that a gatekeeper decides about.
    """

    answer: Answer
    rule: str
    companies: tuple[Company, ...] = ()
    refused: tuple[str, ...] = ()


class Audience(Struct, frozen=True, kw_only=True):
    """Who gets a post, for the composer: colleagues, companies with head counts, and whether the whole world."""

    reach: Reach
    people: int
    companies: tuple[Company, ...] = ()
    is_gated: bool = False
    is_elsewhere: bool = False
    """The group is another company's, which does not tell how many of its people read along."""

    @property
    def people_outside(self) -> int:
        return sum(company.people for company in self.companies)


async def decide(session: AsyncSession, post: Post) -> Decision:
    """Whether `post`, as it is now, may leave. Asked inside the transaction that writes the revision."""
    match post.visibility:
        case Visibility.COMPANY:
            return Decision(answer=Answer.STAY, rule="company")
        case Visibility.GROUP:
            group = await session.get(Group, post.group_id)
            assert group is not None  # noqa: S101 - a foreign key says so
            return await _decide_for_group(session, post, group)
        case Visibility.DIRECT:
            return await _decide_direct(session, post)
        case _:
            return Decision(answer=Answer.GO, rule="public")


async def _decide_for_group(session: AsyncSession, post: Post, group: Group) -> Decision:
    actor = await session.get_one(Actor, group.id)
    if not actor.is_local:
        if not await allows(session, actor.host):
            return Decision(answer=Answer.STOP, rule="partner_suspended", refused=(actor.host,))
        return Decision(answer=Answer.GO, rule="group_elsewhere")
    if Reach.INTERNAL in (post.reach, group.reach):
        return Decision(answer=Answer.STAY, rule="reach_internal")
    if group.is_gated:
        companies = await companies_in(session, group, reach=post.reach)
        return Decision(answer=Answer.HOLD, rule="gate", companies=companies)
    return Decision(answer=Answer.GO, rule="reach_public" if group.reach is Reach.PUBLIC else "agreement")


async def _decide_direct(session: AsyncSession, post: Post) -> Decision:
    hosts = await session.scalars(
        select(Actor.host).join(Recipient, Recipient.actor_id == Actor.id).where(Recipient.post_id == post.id)
    )
    outside = sorted({host for host in hosts if host})
    if not outside:
        return Decision(answer=Answer.STAY, rule="direct_inside")
    refused = tuple([host for host in outside if not await allows(session, host)])
    if refused:
        return Decision(answer=Answer.STOP, rule="not_a_partner", refused=refused)
    return Decision(answer=Answer.GO, rule="direct")


PUSH_SAYS_ALL = "push_public"
PUSH_SAYS_LITTLE = "push_notice"


async def decide_push(session: AsyncSession, told: Notification, *, host: str) -> Decision:
    """Whether a notification may be pushed through the service `host`, and by the rule how much it says.

    Names and texts go along only when everybody outside may know them: who is named, and what the post says now.
    Otherwise the push says no more than that there is something, of some sort.
    """
    rules = instance_of(session).push
    if not rules.enabled:
        return Decision(answer=Answer.STOP, rule="push_off", refused=(host,))
    if not is_push_service(rules, host):
        return Decision(answer=Answer.STOP, rule="push_service", refused=(host,))
    says_all = rules.content is PushContent.PUBLIC and await _is_known_outside(session, told)
    return Decision(answer=Answer.GO, rule=PUSH_SAYS_ALL if says_all else PUSH_SAYS_LITTLE)


def is_push_service(rules: PushRules, host: str) -> bool:
    """Whether pushes may go through `host`, or a host below one that is named."""
    return bool(host) and (
        not rules.services or any(host == name or host.endswith(f".{name}") for name in rules.services)
    )


async def _is_known_outside(session: AsyncSession, told: Notification) -> bool:
    sender = await session.get_one(Actor, told.from_id)
    known = policy.visible_actors(ANONYMOUS).where(Actor.id == sender.id)
    if sender.is_local and await session.scalar(known) is None:
        return False
    if told.type in _OF_THE_HOUSE:
        return False
    if told.post_id is None:
        return True
    is_newest = or_(~Post.is_local, Post.published_revision == Post.revision)
    public = policy.nameable_posts(ANONYMOUS).where(Post.id == told.post_id, is_newest)
    return await session.scalar(public) is not None


_OF_THE_HOUSE = frozenset({NotificationType.REPORT, NotificationType.SEVERED})


async def allows(session: AsyncSession, host: str) -> bool:
    """Whether anything at all may go to `host` now."""
    return await policy.is_admitted(session, host)


async def companies_in(session: AsyncSession, group: Group, *, reach: Reach | None = None) -> tuple[Company, ...]:
    """The companies that take part in a group of ours and get its posts now, by name, with their members.

    `reach`: of posts that may go no further than that, because they were written before the group was opened.
    """
    members = (
        select(Membership.host, func.count().label("people"))
        .where(Membership.group_id == group.id, Membership.state == MemberState.MEMBER, Membership.host != "")
        .group_by(Membership.host)
        .subquery()
    )
    reach = group.reach.narrowed(reach or group.reach)
    if reach is Reach.INTERNAL:
        return ()
    if reach is Reach.PARTNERS:
        statement = (
            select(Partner.host, Partner.name, func.coalesce(members.c.people, 0))
            .join(Agreement, Agreement.partner_id == Partner.id)
            .outerjoin(members, members.c.host == Partner.host)
            .where(Agreement.group_id == group.id, Partner.state == PartnerState.ADMITTED)
        )
    else:
        statement = _named(session, members.c.host, members.c.people)
    return _by_name([Company(host, name or host, people) for host, name, people in await session.execute(statement)])


async def inboxes_in(session: AsyncSession, group: Group, *, reach: Reach | None = None) -> list[tuple[str, str]]:
    """Where the posts of a group of ours, of that `reach`, go now: to members outside, as (inbox, host)."""
    hosts = [company.host for company in await companies_in(session, group, reach=reach)]
    rows = await session.execute(
        select(func.coalesce(Actor.shared_inbox, Actor.inbox), Actor.host)
        .join(Membership, Membership.actor_id == Actor.id)
        .where(
            Membership.group_id == group.id,
            Membership.state == MemberState.MEMBER,
            Membership.host.in_(hosts),
            Actor.deleted_at.is_(None),
        )
        .distinct()
    )
    return [(inbox, host) for inbox, host in rows]


def _named(session: AsyncSession, host: Any, people: Any) -> Any:
    """Hosts that are admitted today, with the name of the company behind each."""
    statement = (
        select(host, func.coalesce(func.nullif(Partner.name, ""), Peer.name, ""), people)
        .outerjoin(Partner, Partner.host == host)
        .outerjoin(Peer, Peer.host == host)
    )
    if instance_of(session).mode is Mode.PARTNERS:
        return statement.where(Partner.state == PartnerState.ADMITTED)
    return statement.where((Partner.state.is_(None)) | (Partner.state == PartnerState.ADMITTED))


def _by_name(companies: Sequence[Company]) -> tuple[Company, ...]:
    return tuple(sorted(companies, key=lambda company: (company.name.casefold(), company.host)))


async def audience(session: AsyncSession, group: Group | None) -> Audience:
    """Who will get a post in `group`, or in no group at all (the whole company)."""
    found = await audiences(session, [] if group is None else [group])
    return found[group.id if group is not None else None]


_STAFF = select(func.count()).select_from(Account).where(Account.disabled_at.is_(None))


async def audiences(session: AsyncSession, groups: Iterable[Group]) -> dict[int | None, Audience]:
    """Who gets what is posted in each of `groups`, by id, and under None what is posted to the company.

    The number of statements does not depend on how many groups there are.
    """
    wanted = {group.id: group for group in groups}
    staff = await session.scalar(_STAFF) or 0
    company = Audience(reach=Reach.INTERNAL, people=staff)
    found: dict[int | None, Audience] = {None: company}
    if not wanted:
        return found
    of_groups = select(Membership.group_id, func.count()).where(
        Membership.group_id.in_(list(wanted)), Membership.state == MemberState.MEMBER, Membership.host == ""
    )
    inside = dict((await session.execute(of_groups.group_by(Membership.group_id))).all())
    hosts = await session.execute(select(Actor.id, Actor.host).where(Actor.id.in_(list(wanted)), Actor.host != ""))
    home = dict(hosts.all())
    outside = await _outside(session, wanted, home)
    for group_id, group in wanted.items():
        if group.access is Access.OPEN and group.reach is Reach.INTERNAL:
            found[group_id] = company
            continue
        found[group_id] = Audience(
            reach=group.reach,
            people=inside.get(group_id, 0),
            companies=_by_name(outside.get(group_id, ())),
            is_gated=group.is_gated and group.reach is not Reach.INTERNAL,
            is_elsewhere=group_id in home,
        )
    return found


async def _outside(session: AsyncSession, groups: dict[int, Group], home: dict[int, str]) -> dict[int, list[Company]]:
    """The companies that get what is posted in each group: its partners, its followers, or the one that runs it."""
    found: dict[int, list[Company]] = {}
    names = await company_names(session, home.values())
    for group_id, host in home.items():
        found[group_id] = [Company(host, names[host], 0)]
    members = (
        select(Membership.group_id, Membership.host, func.count().label("people"))
        .where(Membership.state == MemberState.MEMBER, Membership.host != "", Membership.group_id.in_(list(groups)))
        .group_by(Membership.group_id, Membership.host)
        .subquery()
    )
    by_agreement = (
        select(Agreement.group_id, Partner.host, Partner.name, func.coalesce(members.c.people, 0))
        .join(Partner, Partner.id == Agreement.partner_id)
        .outerjoin(members, (members.c.host == Partner.host) & (members.c.group_id == Agreement.group_id))
        .where(
            Agreement.group_id.in_([key for key, group in groups.items() if group.reach is Reach.PARTNERS]),
            Partner.state == PartnerState.ADMITTED,
        )
    )
    public = [key for key, group in groups.items() if group.reach is Reach.PUBLIC and key not in home]
    by_following = _named(session, members.c.host, members.c.people).add_columns(members.c.group_id)
    for group_id, host, name, people in await session.execute(by_agreement):
        found.setdefault(group_id, []).append(Company(host, name or host, people))
    for host, name, people, group_id in await session.execute(by_following.where(members.c.group_id.in_(public))):
        found.setdefault(group_id, []).append(Company(host, name or host, people))
    return found


async def company_names(session: AsyncSession, hosts: Iterable[str]) -> dict[str, str]:
    """How people here call whoever runs each of `hosts`, in two statements."""
    wanted = sorted({host for host in hosts if host})
    if not wanted:
        return {}
    names = dict.fromkeys(wanted, "")
    for table in (Peer, Partner):  # what we call a partner goes before what its server calls itself
        rows = await session.execute(select(table.host, table.name).where(table.host.in_(wanted), table.name != ""))
        names.update(rows.all())
    return {host: name or host for host, name in names.items()}
