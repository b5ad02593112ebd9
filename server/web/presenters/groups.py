"""Groups: rows of the list, the head of a group's pages, its members."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models import copies, egress, policy, wishes
from models.tables import Access, Actor, Ban, Group, MemberRole, Membership, MemberState
from server.i18n import gettext as _
from server.web import views
from server.web.presenters.posts import reach
from server.web.presenters.sight import Sight


def row(
    sight: Sight,
    group: Group,
    audiences: Mapping[int | None, egress.Audience],
    standing: MemberState | None,
    last: datetime | None,
    *,
    may_join: bool,
) -> views.GroupRow:
    return views.GroupRow(
        name=group.actor.shown_name,
        url=sight.actor_url(group.actor),
        purpose=group.purpose,
        reach=reach(sight, audiences[group.id]),
        member=standing is MemberState.MEMBER,
        join_url=sight.url("group-membership", handle=group.actor.handle) if may_join else None,
        last_post=sight.moment(last) if last is not None else None,
        closed=group.access is Access.CLOSED and group.actor.is_local,
        home_company=None if group.actor.is_local else sight.company_of(group.actor.host),
        asked=standing is MemberState.ASKED,
        invited=standing is MemberState.INVITED,
    )


def may_join(sight: Sight, group: Group, standing: MemberState | None) -> bool:
    """Whether a button to join is drawn. A group elsewhere can always be asked, once."""
    if sight.staff is None or standing is MemberState.MEMBER:
        return False
    if not group.actor.is_local:
        return standing is not MemberState.ASKED
    return policy.may_join_as(standing, group)


async def head(session: AsyncSession, sight: Sight, group: Group, membership: Membership | None) -> views.GroupHead:
    """The lines above every page of a group, for a colleague."""
    staff = sight.staff
    assert staff is not None  # noqa: S101 - visitors get another page
    standing = membership.state if membership is not None else None
    audience = await egress.audience(session, group)
    manages = group.actor.is_local and await policy.may_manage(session, staff, group)
    handle = group.actor.handle
    is_member = standing is MemberState.MEMBER
    leaves = standing in (MemberState.MEMBER, MemberState.ASKED, MemberState.INVITED)
    is_owner = membership is not None and membership.role is MemberRole.OWNER
    joins = may_join(sight, group, standing)
    return views.GroupHead(
        name=group.actor.shown_name,
        purpose=group.purpose or _plain_about(group),
        handle=handle,
        reach=reach(sight, audience),
        url=sight.url("group", handle=handle),
        members_url=sight.url("group-members", handle=handle),
        about_url=sight.url("group-about", handle=handle),
        settings_url=sight.url("group-settings", handle=handle) if manages else None,
        gated=audience.is_gated,
        member=is_member,
        closed=group.access is Access.CLOSED,
        archived=group.archived_at is not None,
        join_url=sight.url("group-membership", handle=handle) if joins else None,
        leave_url=sight.url("group-departure", handle=handle) if leaves and not is_owner else None,
        home_company=None if group.actor.is_local else sight.company_of(group.actor.host),
        waiting_for_partner=standing is MemberState.ASKED,
        unanswered=standing is MemberState.ASKED
        and membership is not None
        and sight.now - membership.since > wishes.ANSWERED_WITHIN,
        again_url=sight.url("group-membership", handle=handle) if standing is MemberState.ASKED else None,
        invited=standing is MemberState.INVITED,
        refused=standing is MemberState.REFUSED,
        copies_for=tuple(await copies.readers(session, group.id)) if audience.companies else (),
    )


def _plain_about(group: Group) -> str:
    """A group elsewhere tells its purpose as HTML only; here a line is enough, the rest is under About."""
    return "" if group.actor.is_local else _("See About for what it is for.") if group.actor.about_html else ""


def member(
    sight: Sight, membership: Membership, *, group: Group, manages: bool, moderates: bool = False
) -> views.MemberRow:
    handle = group.actor.handle
    changes = manages and membership.role is not MemberRole.OWNER
    parts: dict[str, str | int] = {"handle": handle, "actor_id": membership.actor_id}
    return views.MemberRow(
        person=sight.person(membership.actor),
        role=str(membership.role),  # type: ignore[arg-type]
        since=sight.moment(membership.since),
        remove_url=sight.url("group-member-removal", **parts) if changes else None,
        role_url=sight.url("group-member-role", **parts) if changes else None,
        roles=("member", "moderator") if membership.host else ("member", "moderator", "gatekeeper", "owner"),
        ban_url=sight.url("group-member-ban", **parts) if moderates and _is_bannable(sight, membership) else None,
    )


def _is_bannable(sight: Sight, membership: Membership) -> bool:
    is_self = sight.staff is not None and membership.actor_id == sight.staff.actor_id
    return membership.role is not MemberRole.OWNER and not is_self


def ban(sight: Sight, found: Ban, *, group: Group) -> views.BanRow:
    return views.BanRow(
        person=sight.person(found.actor),
        by=found.by.shown_name if found.by is not None else "",
        at=sight.moment(found.since),
        reason=found.reason,
        until=sight.moment(found.ends_at) if found.ends_at is not None else None,
        end_url=sight.url("group-ban-end", handle=group.actor.handle, actor_id=found.actor_id),
    )


def waiting(
    sight: Sight, group: Group, asking: Sequence[Membership], new: Collection[str]
) -> tuple[views.WishRow, ...]:
    """Who asks to be let in; `new` are the hosts that nobody in the group comes from yet."""
    handle = group.actor.handle
    return tuple(
        views.WishRow(
            person=sight.person(each.actor),
            host=each.host,
            since=sight.moment(each.since),
            first=each.host in new,
            answer_url=sight.url("group-member-answer", handle=handle, actor_id=each.actor_id),
        )
        for each in asking
    )


def by_company(
    sight: Sight, outside: Sequence[Membership], *, group: Group, manages: bool, moderates: bool = False
) -> tuple[tuple[str, tuple[views.MemberRow, ...]], ...]:
    """Members from elsewhere under the names of their companies."""
    companies: dict[str, list[views.MemberRow]] = {}
    for membership in outside:
        line = member(sight, membership, group=group, manages=manages, moderates=moderates)
        companies.setdefault(sight.company_of(membership.host), []).append(line)
    return tuple((company, tuple(lines)) for company, lines in sorted(companies.items()))


def people(sight: Sight, actors: Sequence[Actor]) -> tuple[views.PersonRef, ...]:
    return tuple(sight.person(actor) for actor in actors)
