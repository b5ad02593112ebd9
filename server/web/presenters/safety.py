"""Reports as pages show them."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from models import egress, groups, reports
from models.tables import Actor, Group, Post, Report, ReportReason
from server.i18n import gettext as _
from server.web import views
from server.web.presenters.posts import present
from server.web.presenters.sight import Sight


def reason_words(reason: ReportReason) -> str:
    return {
        ReportReason.SPAM: _("Advertising or spam"),
        ReportReason.LEGAL: _("Against the law"),
        ReportReason.VIOLATION: _("Against our rules"),
        ReportReason.OTHER: _("Something else"),
    }[reason]


async def form(
    session: AsyncSession, sight: Sight, actor: Actor, posts: Sequence[Post], typed: views.Form
) -> views.ReportFormView:
    return views.ReportFormView(
        action=sight.url("person-report", handle=actor.handle),
        about=sight.person(actor),
        reasons=tuple(views.Choice(str(reason), reason_words(reason)) for reason in ReportReason),
        back_url=sight.actor_url(actor),
        form=typed,
        posts=await present(session, sight, posts),
        company="" if actor.is_local else sight.company_of(actor.host),
    )


async def rows(session: AsyncSession, sight: Sight, found: Sequence[Report]) -> tuple[views.ReportRow, ...]:
    """Lines of the list, with the names of companies and groups."""
    people = [actor for report in found for actor in (report.about, report.by) if actor is not None]
    hosts = {actor.host for actor in people} | {report.host for report in found}
    sight = sight.naming(await egress.company_names(session, hosts))
    wanted = {report.group_id for report in found if report.group_id is not None}
    named = await groups.named(session, sight.viewer, wanted)
    return tuple(_row(sight, report, named.get(report.group_id or 0)) for report in found)


def _row(sight: Sight, report: Report, group: Group | None) -> views.ReportRow:
    return views.ReportRow(
        url=sight.url("report", report_id=report.id),
        about=sight.person(report.about),
        at=sight.moment(report.created_at),
        reason=reason_words(report.reason),
        text=report.text,
        by=sight.person(report.by) if report.by is not None else None,
        company=sight.company_of(report.host) if report.host else "",
        posts=len(report.post_ids),
        group=group.actor.shown_name if group is not None else "",
    )


async def one(session: AsyncSession, sight: Sight, report: Report) -> views.ReportView:
    staff = sight.staff
    assert staff is not None  # noqa: S101 - visitors see no reports
    (row,) = await rows(session, sight, [report])
    seen = await reports.posts_of(session, staff, report)
    return views.ReportView(
        report=row,
        state_url=sight.url("report-state", report_id=report.id),
        posts=await present(session, sight, seen),
        unseen=len(report.post_ids) - len(seen),
        is_forwarded=report.is_forwarded,
        done=sight.moment(report.dealt_with_at) if report.dealt_with_at is not None else None,
        done_by=report.dealt_with_by.actor.shown_name if report.dealt_with_by is not None else "",
        state="done" if report.dealt_with_at is not None else "open",
    )
