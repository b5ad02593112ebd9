"""The gate: the queue, and one submission with what would leave, to whom, and what became of it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from federation.documents.envelope import encode, with_context
from federation.documents.post import parse, render
from federation.documents.refusals import StaysHere
from federation.vocabulary import Document
from models import approvals, deliveries, egress, partners, policy, polls
from models.errors import NotAllowed, NotFound
from models.posts import reading
from models.tables import Approval, Delivery, DeliveryState, Group, Level, Poll, Post, Reach, Revision, Verdict
from models.text import sanitise
from models.viewers import Staff
from server.context import CONFIG
from server.i18n import gettext as _
from server.web import views
from server.web.presenters import difference, posts
from server.web.presenters.ledger import activity_words
from server.web.presenters.sight import Sight

_TITLE = 80


def title_of(post: Post) -> str:
    """What a post is called in a list: its title, else its first words."""
    if post.title:
        return post.title
    words = sanitise.excerpt(sanitise.to_plain(post.html), _TITLE)
    return words or _("Post by %(name)s", name=post.author.shown_name)


def queue_items(sight: Sight, waiting: Sequence[Approval], current: int | None) -> tuple[views.ApprovalItem, ...]:
    return tuple(
        views.ApprovalItem(
            url=sight.url("approval", approval_id=approval.id),
            title=title_of(approval.post),
            author=approval.post.author.shown_name,
            group=_group(approval.post).actor.shown_name,
            since=sight.moment(approval.submitted_at),
            companies=len(approval.companies),
            public=_group(approval.post).reach is Reach.PUBLIC,
            current=approval.id == current,
        )
        for approval in waiting
    )


def _group(post: Post) -> Group:
    assert post.group is not None  # noqa: S101 - only posts of groups come to a gate
    return post.group


async def departure(
    session: AsyncSession, sight: Sight, approval: Approval, *, next_url: str, form: views.Form | None = None
) -> views.Departure:
    """One submission as the page shows it; the revision that was handed in, whatever came after."""
    staff = sight.staff
    assert staff is not None  # noqa: S101 - the gate is inside
    post, group = approval.post, _group(approval.post)
    revision = await session.get_one(Revision, (post.id, approval.revision))
    source = (await posts.present(session, sight, [post]))[0]
    files = await reading.files_of(session, post.id, approval.revision)
    source = replace(
        source,
        text=posts.cleaned(revision.html, own=True),
        title=revision.title,
        content_warning=revision.warning,
        images=tuple(posts.image(sight, file) for file in files),
        waiting_since=sight.moment(approval.submitted_at) if approval.verdict is Verdict.WAITING else None,
        returned=None,
        approved=None,
        long=False,
    )
    before = await approvals.approved_before(session, post.id, approval.revision)
    audience = await egress.audience(session, group)
    may_decide = await policy.may_decide(session, staff, post)
    waits = approval.verdict is Verdict.WAITING
    return views.Departure(
        source=source,
        leaves=await _leaves(session, sight, source, approval),
        revision=approval.revision,
        diff=await _difference(session, post, revision, before),
        first=before is None,
        recipients=await _recipients(session, group, audience if waits else _then(approval)),
        since_then=_changes(approval, audience),
        public=group.reach is Reach.PUBLIC,
        rules=_why(group),
        raw_url=sight.url("approval-raw", approval_id=approval.id) if may_decide else "",
        approve_url=sight.url("post-approval", post_id=post.id) if waits and may_decide else None,
        return_url=sight.url("post-returned", post_id=post.id) if waits and may_decide else None,
        why_not=_why_not(post, staff.actor_id, waits=waits, may_decide=may_decide),
        next_url=next_url,
        form=form or views.Form(),
        verdict=str(approval.verdict),  # type: ignore[arg-type]
        decision=posts.decision(sight, approval),
        deliveries=await _deliveries(session, sight, post) if approval.verdict is Verdict.APPROVED else (),
    )


async def _leaves(
    session: AsyncSession, sight: Sight, source: views.PostView, approval: Approval
) -> views.PostView | None:
    """What a receiver reads: the document that would be sent, taken in by the code that takes in others' documents."""
    document = await _document(session, approval)
    if document is None:
        return None
    hosts = sight.app[CONFIG].development.insecure_hosts
    received = await asyncio.to_thread(parse, document, insecure_hosts=hosts)
    return replace(
        source,
        text=posts.cleaned(received.html, own=False),
        title=received.title,
        content_warning=received.warning,
        images=tuple(
            replace(image, alt=file.description) for image, file in zip(source.images, received.files, strict=False)
        ),
        group=None,
        waiting_since=None,
        replies=0,
        likes=0,
        edited=None,
        history_url="",
        actions=views.PostActions(),
    )


async def _document(session: AsyncSession, approval: Approval) -> Document | None:
    """The document as it would be if this revision were released now; None when it would stay here all the same.

    The renderer makes nothing of what is not released (R-72), so for its eyes only the post is, in this session, which
    writes nothing.
    """
    post = approval.post
    before = post.published_revision
    set_committed_value(post, "published_revision", approval.revision)
    try:
        return await render(session, post)
    except StaysHere:
        return None
    finally:
        set_committed_value(post, "published_revision", before)


async def raw(session: AsyncSession, approval: Approval, *, by: Staff) -> str:
    """The document's bytes, set in lines for reading. Raises NotAllowed for who does not keep the gate."""
    if not await policy.may_decide(session, by, approval.post):
        raise NotAllowed
    document = await _document(session, approval)
    if document is None:
        raise NotFound(approval_id=approval.id)
    return msgspec.json.format(encode(with_context(document)), indent=2).decode()


async def _difference(
    session: AsyncSession, post: Post, revision: Revision, before: int | None
) -> tuple[views.DiffPart, ...]:
    if before is None:
        return ()
    old = await session.get_one(Revision, (post.id, before))
    asked = await polls.of_revisions(session, (old, revision))
    return await difference.between(_whole(old, asked), _whole(revision, asked))


def _whole(revision: Revision, asked: Mapping[int, Poll]) -> str:
    """All that leaves of a revision in words, the answers of its poll too."""
    poll = asked.get(revision.poll_id or 0)
    answers = "\n".join(f"– {option.title}" for option in poll.options) if poll is not None else ""
    return "\n\n".join(part for part in (revision.title, revision.warning, revision.source, answers) if part)


def _then(approval: Approval) -> egress.Audience:
    """Who was to get it when it was handed in."""
    companies = (
        egress.Company(str(each["host"]), str(each["name"]), int(each["people"])) for each in approval.companies
    )
    return egress.Audience(reach=_group(approval.post).reach, people=0, companies=tuple(companies))


async def _recipients(session: AsyncSession, group: Group, audience: egress.Audience) -> tuple[views.Recipient, ...]:
    levels = await partners.levels(session, group.id)
    return tuple(
        views.Recipient(
            audience=views.Audience(company.name, company.people),
            host=company.host,
            rule=level_words(levels[company.host]) if company.host in levels else "",
        )
        for company in audience.companies
    )


def level_words(level: Level) -> str:
    return {
        Level.READ: _("reads along"),
        Level.COMMENT: _("reads and replies"),
        Level.POST: _("reads, replies and posts"),
    }[level]


def _changes(approval: Approval, audience: egress.Audience) -> tuple[str, ...]:
    """How the list of companies differs from the one the author saw when handing it in."""
    if approval.verdict is not Verdict.WAITING:
        return ()
    then = {str(company["host"]): str(company["name"]) for company in approval.companies}
    today = {company.host: company.name for company in audience.companies}
    said = [_("%(company)s came in since it was handed in.", company=today[h]) for h in _missing(today, then)]
    return (*said, *(_("%(company)s is out since it was handed in.", company=then[h]) for h in _missing(then, today)))


def _missing(these: Iterable[str], those: Iterable[str]) -> list[str]:
    return sorted(set(these) - set(those))


def _why(group: Group) -> tuple[str, ...]:
    return (_("This group has a gate: whatever leaves it is read first."),) if group.is_gated else ()


def _why_not(post: Post, actor_id: int, *, waits: bool, may_decide: bool) -> str:
    if not waits or may_decide:
        return ""
    if post.author_id == actor_id:
        return _("You wrote this post: somebody else decides.")
    return _("You do not keep the gate of this group.")


async def _deliveries(session: AsyncSession, sight: Sight, post: Post) -> tuple[views.DeliveryLine, ...]:
    """What was sent because of a post, and how far it got."""
    rows = (await session.scalars(deliveries.of_post(post.id))).all()
    names = await egress.company_names(session, {row.host for row in rows})
    return tuple(
        views.DeliveryLine(
            company=names.get(row.host, row.host),
            host=row.host,
            what=activity_words(row.activity.type),
            state=str(row.state),  # type: ignore[arg-type]
            at=sight.moment(row.delivered_at) if row.delivered_at is not None else None,
            fault=_fault(row),
        )
        for row in rows
    )


def _fault(row: Delivery) -> str:
    if row.state is DeliveryState.DELIVERED:
        return ""
    return " ".join(part for part in (str(row.status) if row.status else "", row.error) if part)
