"""The gate: what waits for a gatekeeper, and the answers. An approval binds the one revision that was read."""

from collections.abc import Iterable

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal, ledger, policy
from models.base import now, sifts
from models.egress import Decision
from models.errors import Conflict, Invalid, NotAllowed, NotFound
from models.prepared import find, prepare
from models.tables import Account, Actor, Approval, Group, Outcome, Post, Verdict
from models.text.clean import clean_text
from models.viewers import Staff

REASON_LIMIT = 2000


class ApprovalNotAllowed(NotAllowed):
    """Somebody else must decide: nobody releases what they wrote, or for a gate they do not keep."""

    code = "approval_not_allowed"


class AlreadyDecided(Conflict):
    """This was decided or changed meanwhile: look at it again."""

    code = "already_decided"


class ReasonMissing(Invalid):
    """Say in a sentence why it comes back, so that the author can mend it."""

    code = "reason_missing"


async def submit(session: AsyncSession, post: Post, decision: Decision, *, by: Staff) -> Approval:
    """Put the revision that `post` is at before the gate."""
    approval = Approval(
        post_id=post.id,
        revision=post.revision,
        companies=[{"host": c.host, "name": c.name, "people": c.people} for c in decision.companies],
    )
    session.add(approval)
    await session.flush()
    await _enter(session, post, approval, Outcome.HELD, actor=by.username, rule=decision.rule)
    journal.record(session, journal.PostSubmitted(post.id, post.revision))
    return approval


async def supersede(session: AsyncSession, post: Post) -> None:
    """An older revision of `post` waits no longer, because there is a newer one."""
    await _end_waiting(session, post, Verdict.SUPERSEDED)


async def withdraw(session: AsyncSession, post: Post) -> None:
    """Nothing of `post` waits any longer, because it is being deleted."""
    await _end_waiting(session, post, Verdict.WITHDRAWN)


async def _end_waiting(session: AsyncSession, post: Post, verdict: Verdict) -> None:
    waiting = await session.scalars(
        select(Approval).where(Approval.post_id == post.id, Approval.verdict == Verdict.WAITING)
    )
    for approval in waiting:
        approval.verdict = verdict
        approval.decided_at = now()
    await session.flush()


async def approve(session: AsyncSession, post_id: int, *, by: Staff, revision: int) -> Post:
    """Let a waiting revision out.

    Raises:
        NotFound: `by` may not see the post. ApprovalNotAllowed: `by` wrote it or keeps no gate of its group.
        AlreadyDecided: it waits no longer, or was edited after `revision`.
    """
    post, approval = await _waiting(session, post_id, by=by, revision=revision)
    _decide(approval, Verdict.APPROVED, by=by)
    post.published_revision = revision
    journal.record(session, journal.PostReleased(post.id, revision))
    journal.record(session, journal.PostDecided(approval.id))
    await session.flush()
    return post


async def send_back(session: AsyncSession, post_id: int, *, by: Staff, revision: int, reason: str) -> Post:
    """Return a waiting revision to its author with a reason; partners keep what they have.

    Raises: as `approve`, and ReasonMissing.
    """
    reason = clean_text(reason.strip(), limit=REASON_LIMIT)
    if not reason:
        raise ReasonMissing(field="reason")
    post, approval = await _waiting(session, post_id, by=by, revision=revision)
    _decide(approval, Verdict.RETURNED, by=by)
    approval.reason = reason
    await _enter(session, post, approval, Outcome.RETURNED, actor=by.username, rule="gate")
    journal.record(session, journal.PostDecided(approval.id))
    await session.flush()
    return post


async def _waiting(session: AsyncSession, post_id: int, *, by: Staff, revision: int) -> tuple[Post, Approval]:
    post = await session.scalar(policy.visible_posts(by).where(Post.id == post_id).with_for_update(of=Post))
    if post is None:
        raise NotFound(post_id=post_id)
    if not await policy.may_decide(session, by, post):
        raise ApprovalNotAllowed(post_id=post_id)
    approval = await session.scalar(
        select(Approval).where(Approval.post_id == post_id, Approval.verdict == Verdict.WAITING)
    )
    if approval is None or approval.revision != revision or post.revision != revision:
        raise AlreadyDecided(post_id=post_id, revision=revision)
    return post, approval


def _decide(approval: Approval, verdict: Verdict, *, by: Staff) -> None:
    approval.verdict = verdict
    approval.decided_at = now()
    approval.decided_by_id = by.account_id


async def _enter(
    session: AsyncSession, post: Post, approval: Approval, outcome: Outcome, *, actor: str, rule: str
) -> None:
    await ledger.append(
        session,
        ledger.Fact(
            outcome=outcome,
            what="Update" if post.published_revision else "Create",
            actor=actor,
            rule=rule,
            object_uri=post.uri,
            post_id=post.id,
            revision=approval.revision,
            group_id=post.group_id,
            hosts=[str(company["host"]) for company in approval.companies],
        ),
    )


# Asking


def queue(viewer: Staff) -> Select[Approval]:
    """What waits for `viewer` to decide, oldest first; never their own."""
    mine = select(Group.id).where(policy.decides_for(viewer))
    return (
        select(Approval)
        .join(Post, Post.id == Approval.post_id)
        .where(
            Approval.verdict == Verdict.WAITING,
            Post.group_id.in_(mine),
            Post.author_id != viewer.actor_id,
            policy.sees_post(viewer),
        )
        .options(
            joinedload(Approval.post).joinedload(Post.author),
            joinedload(Approval.post).joinedload(Post.group).joinedload(Group.actor),
        )
        .order_by(Approval.id)
    )


async def count_waiting(session: AsyncSession, viewer: Staff) -> int:
    statement, known = prepare(viewer, _count_of_waiting)
    return await session.scalar(statement, known) or 0


def _count_of_waiting(viewer: Staff) -> Select[int]:
    waiting = queue(viewer).options().order_by(None).with_only_columns(Approval.id).subquery()
    return select(func.count()).select_from(waiting)


async def keeps_a_gate(session: AsyncSession, viewer: Staff) -> bool:
    """Whether the queue is a place for `viewer` at all."""
    if viewer.is_gatekeeper:
        return True
    return bool(await find(session, viewer, _is_at_a_gate))


def _is_at_a_gate(viewer: Staff) -> Select[bool]:
    return select(exists().where(policy.decides_for(viewer), Group.is_gated))


def decided(viewer: Staff, *, limit: int = 20) -> Select[Approval]:
    """What was decided last at the gates `viewer` keeps."""
    mine = select(Group.id).where(policy.decides_for(viewer))
    return (
        select(Approval)
        .join(Post, Post.id == Approval.post_id)
        .where(
            Approval.verdict.in_((Verdict.APPROVED, Verdict.RETURNED)),
            Post.group_id.in_(mine),
            policy.sees_post(viewer),
        )
        .options(
            joinedload(Approval.post).joinedload(Post.author),
            joinedload(Approval.decided_by).joinedload(Account.actor),
        )
        .order_by(Approval.decided_at.desc())
        .limit(limit)
    )


async def latest(session: AsyncSession, post_ids: list[int]) -> dict[int, Approval]:
    """The newest submission of each post that had one, with who decided: the state line under a post."""
    if not post_ids:
        return {}
    newest = (
        select(Approval.post_id, func.max(Approval.revision).label("revision"))
        .where(Approval.post_id.in_(post_ids))
        .group_by(Approval.post_id)
        .subquery()
    )
    found = await session.scalars(
        select(Approval)
        .join(newest, (newest.c.post_id == Approval.post_id) & (newest.c.revision == Approval.revision))
        .options(joinedload(Approval.decided_by).joinedload(Account.actor))
    )
    return {approval.post_id: approval for approval in found}


async def approver_of(session: AsyncSession, post_id: int, revision: int) -> str:
    """Who let this revision out; empty where no gate was in the way."""
    return (
        await session.scalar(
            select(Actor.username)
            .join(Account, Account.actor_id == Actor.id)
            .join(Approval, Approval.decided_by_id == Account.id)
            .where(Approval.post_id == post_id, Approval.revision == revision, Approval.verdict == Verdict.APPROVED)
        )
        or ""
    )


async def one(session: AsyncSession, viewer: Staff, approval_id: int) -> Approval:
    """A submission, for those who keep the gate it came to and for its author. Raises NotFound."""
    approval = await session.scalar(
        select(Approval)
        .join(Post, Post.id == Approval.post_id)
        .where(
            Approval.id == approval_id,
            policy.sees_post(viewer),
            Post.group_id.in_(select(Group.id).where(policy.decides_for(viewer))) | (Post.author_id == viewer.actor_id),
        )
        .options(
            joinedload(Approval.post).joinedload(Post.author).joinedload(Actor.avatar),
            joinedload(Approval.post).joinedload(Post.group).joinedload(Group.actor),
            joinedload(Approval.decided_by).joinedload(Account.actor),
        )
    )
    if approval is None:
        raise NotFound(approval_id=approval_id)
    return approval


async def approved_before(session: AsyncSession, post_id: int, revision: int) -> int | None:
    """The last revision before `revision` that a gatekeeper let out: what partners have until the next decision."""
    return await session.scalar(
        select(func.max(Approval.revision)).where(
            Approval.post_id == post_id, Approval.revision < revision, Approval.verdict == Verdict.APPROVED
        )
    )


def returned_to(author: Staff) -> Select[Approval]:
    """Submissions that came back to `author` and wait for a new version, the newest first."""
    return (
        select(Approval)
        .join(Post, Post.id == Approval.post_id)
        .where(
            Approval.verdict == Verdict.RETURNED,
            Approval.revision == Post.revision,
            # few are returned, and some wrote thousands of posts: not the way to them
            sifts(Post.author_id == author.actor_id),
            Post.deleted_at.is_(None),
        )
        .order_by(Approval.id.desc())
    )


async def of_post(session: AsyncSession, post_id: int) -> dict[int, Approval]:
    """All submissions of a post, by revision."""
    found = await session.scalars(select(Approval).where(Approval.post_id == post_id))
    return {approval.revision: approval for approval in found}


async def post_ids(session: AsyncSession, approval_ids: Iterable[int]) -> set[int]:
    """The posts that some submissions are about."""
    return set(await session.scalars(select(Approval.post_id).where(Approval.id.in_(list(approval_ids)))))
