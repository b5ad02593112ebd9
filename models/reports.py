"""Reports: what somebody, here or elsewhere, wants those in charge to look at.

Who sees one: the admins, and those who keep the group in order that it was addressed to; never whom it is about. One of
ours who reports somebody elsewhere may have it forwarded; it leaves in the name of the server, not in theirs (DISC-17).
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import audit, journal, policy
from models.base import new_id, now
from models.errors import Invalid, NotFound
from models.instance import instance_of
from models.posts.reading import loaded
from models.tables import Account, Actor, ActorType, Group, Post, Report, ReportReason
from models.text.clean import clean_text
from models.viewers import RemoteViewer, Staff

TEXT_LIMIT = 5_000
MOST_POSTS = 100


class ReportSelf(Invalid):
    """You cannot report yourself."""

    code = "report_self"


class RemoteReport(Struct, frozen=True, kw_only=True):
    """A Flag from elsewhere, read. `by` is None where a server speaks for somebody it does not name."""

    uri: str
    host: str
    by: Actor | None
    about: Actor
    posts: Sequence[Post] = ()
    uris: Sequence[str] = ()
    text: str = ""
    group: Group | None = None


async def receive(session: AsyncSession, told: RemoteReport) -> Report | None:
    """Keep a report from elsewhere; None when it is there already."""
    if await session.scalar(select(Report.id).where(Report.uri == told.uri)) is not None:
        return None
    report = Report(
        host=told.host,
        by_id=told.by.id if told.by is not None else None,
        about_id=told.about.id,
        group_id=told.group.id if told.group is not None else None,
        uri=told.uri,
        post_ids=[post.id for post in told.posts][:MOST_POSTS],
        uris=list(told.uris)[:MOST_POSTS],
        text=clean_text(told.text, limit=TEXT_LIMIT),
    )
    return await _keep(session, report)


async def report(
    session: AsyncSession,
    actor: Actor,
    *,
    by: Staff,
    post_ids: Sequence[int] = (),
    reason: ReportReason = ReportReason.OTHER,
    text: str = "",
    forwards: bool = False,
) -> Report:
    """Report somebody, with some of their posts. With `forwards` the server of somebody elsewhere hears of it, too.

    Raises:
        ReportSelf. NotFound: one of the posts is not theirs, or `by` may not see it.
    """
    if actor.id == by.actor_id:
        raise ReportSelf
    wanted = list(dict.fromkeys(post_ids))[:MOST_POSTS]
    posts = (
        await session.scalars(policy.visible_posts(by).where(Post.id.in_(wanted), Post.author_id == actor.id))
    ).all()
    if len(posts) != len(wanted):
        raise NotFound(post_ids=wanted)
    groups = {post.group_id for post in posts}
    found = Report(
        by_id=by.actor_id,
        about_id=actor.id,
        group_id=groups.pop() if len(groups) == 1 else None,
        uri=instance_of(session).mint("x"),
        post_ids=[post.id for post in posts],
        uris=[actor.uri, *(post.uri for post in posts)],
        reason=reason,
        text=clean_text(text, limit=TEXT_LIMIT),
        is_forwarded=forwards and not actor.is_local,
    )
    return await _keep(session, found)


async def _keep(session: AsyncSession, report: Report) -> Report:
    report.id = new_id()
    session.add(report)
    await session.flush()
    journal.record(session, journal.Reported(report.id))
    return report


async def reportable(
    session: AsyncSession, viewer: RemoteViewer, uris: Sequence[str]
) -> tuple[list[Actor], list[Post]]:
    """The people of ours and the posts among `uris` that `viewer` may know of: no report shows that others exist."""
    wanted = list(dict.fromkeys(uris))[: 2 * MOST_POSTS]
    actors = await session.scalars(
        policy.visible_actors(viewer).where(Actor.uri.in_(wanted) | Actor.url.in_(wanted)).order_by(Actor.id)
    )
    posts = await session.scalars(
        policy.nameable_posts(viewer)
        .where(Post.uri.in_(wanted) | (Post.url.in_(wanted) & Post.boost_of_id.is_(None)))
        .order_by(Post.id)
    )
    return list(actors), list(posts)


# Dealing with them


def listed(viewer: Staff, *, open_ones: bool = True) -> Select[Report]:
    """The reports that `viewer` may see and that wait, or those that were dealt with; newest first."""
    state = Report.dealt_with_at.is_(None) if open_ones else Report.dealt_with_at.is_not(None)
    return _loaded(policy.visible_reports(viewer)).where(state).order_by(Report.id.desc())


def narrowed(
    statement: Select[Report], *, by_id: int | None = None, about_id: int | None = None, about_host: str | None = None
) -> Select[Report]:
    """Those of some reports that came from somebody, are about somebody, or about people of a company elsewhere."""
    if by_id is not None:
        statement = statement.where(Report.by_id == by_id)
    if about_id is not None:
        statement = statement.where(Report.about_id == about_id)
    if about_host is not None:
        of_host = select(Actor.id).where(Actor.host == about_host.lower())
        statement = statement.where(Report.about_id.in_(of_host))
    return statement


async def speakers(session: AsyncSession, found: Iterable[Report]) -> dict[int, int]:
    """Who reported, by report: where a server did not say who, its own actor if we met it."""
    named = {report.id: report.by_id for report in found if report.by_id is not None}
    silent = {report.id: report.host for report in found if report.by_id is None}
    if not silent:
        return named
    rows = await session.execute(
        select(Actor.host, Actor.id).where(
            Actor.type == ActorType.APPLICATION, Actor.host.in_(set(silent.values())), Actor.deleted_at.is_(None)
        )
    )
    servers = dict(rows.all())
    return named | {report_id: servers[host] for report_id, host in silent.items() if host in servers}


def _loaded(reports: Select[Report]) -> Select[Report]:
    return reports.options(
        joinedload(Report.by),
        joinedload(Report.about),
        joinedload(Report.dealt_with_by).joinedload(Account.actor),
        joinedload(Report.keeper),
    )


async def one(session: AsyncSession, viewer: Staff, report_id: int) -> Report:
    """Raises NotFound, also for what `viewer` may not see."""
    found = await session.scalar(_loaded(policy.visible_reports(viewer)).where(Report.id == report_id))
    if found is None:
        raise NotFound(report_id=report_id)
    return found


async def count_open(session: AsyncSession, viewer: Staff) -> int:
    waiting = policy.visible_reports(viewer).where(Report.dealt_with_at.is_(None))
    return await session.scalar(waiting.with_only_columns(func.count())) or 0


async def posts_of(session: AsyncSession, viewer: Staff, report: Report) -> Sequence[Post]:
    """The reported posts that `viewer` may read, oldest first: a report opens no closed door."""
    visible = loaded(policy.visible_posts(viewer))
    return (await session.scalars(visible.where(Post.id.in_(report.post_ids)).order_by(Post.id))).all()


async def deal_with(session: AsyncSession, report_id: int, *, by: Staff) -> Report:
    """Mark a report as dealt with. Raises NotFound."""
    found = await one(session, by, report_id)
    if found.dealt_with_at is None:
        found.dealt_with_at = now()
        found.dealt_with_by_id = by.account_id
        audit.note(session, "report_dealt_with", by=by, host=found.host, report_id=found.id)
    return found


async def sort(session: AsyncSession, report_id: int, *, by: Staff, reason: ReportReason) -> Report:
    """Say anew what a report is about. Raises NotFound."""
    found = await one(session, by, report_id)
    if found.reason is not reason:
        found.reason = reason
        audit.note(session, "report_sorted", by=by, host=found.host, report_id=found.id, reason=str(reason))
    return found


async def look_after(session: AsyncSession, report_id: int, *, by: Staff) -> Report:
    """Look after a report, also one that somebody else looked after. Raises NotFound."""
    found = await one(session, by, report_id)
    if found.keeper_id != by.account_id:
        found.keeper_id = by.account_id
        audit.note(session, "report_kept", by=by, host=found.host, report_id=found.id)
    return found


async def let_go(session: AsyncSession, report_id: int, *, by: Staff) -> Report:
    """Let nobody look after a report any more. Raises NotFound."""
    found = await one(session, by, report_id)
    if found.keeper_id is not None:
        found.keeper_id = None
        audit.note(session, "report_let_go", by=by, host=found.host, report_id=found.id)
    return found


async def reopen(session: AsyncSession, report_id: int, *, by: Staff) -> Report:
    """Let a report wait again. Raises NotFound."""
    found = await one(session, by, report_id)
    if found.dealt_with_at is not None:
        found.dealt_with_at = found.dealt_with_by_id = None
        audit.note(session, "report_reopened", by=by, host=found.host, report_id=found.id)
    return found
