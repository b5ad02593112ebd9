"""Writing, changing, boosting and deleting posts of ours."""

import functools
from collections.abc import Iterable
from typing import cast

from msgspec import Struct
from sqlalchemy import Insert, Table, exists, insert, or_, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached, selectinload

from models import approvals, egress, emoji, journal, ledger, policy, polls, quotes
from models.base import Base, insert_for, new_id, now
from models.direct import Direct, usual_of
from models.egress import Answer
from models.errors import Conflict, NotAllowed, NotFound
from models.groups import NotAMember
from models.instance import instance_of
from models.interactions import Interaction, NotPermitted, Verdict, with_quoting
from models.posts.drafts import Checked, Draft, Place, check_text, find_place
from models.tables import (
    Actor,
    Attachment,
    Departure,
    Featured,
    Group,
    Media,
    Mention,
    Notification,
    Post,
    PostKind,
    PostTag,
    Reach,
    Recipient,
    Revision,
    ScheduledFile,
    Visibility,
)
from models.text.clean import fold_tag
from models.viewers import Staff


class MayNotLeave(NotAllowed):
    """This would leave for a company that may not get it."""

    code = "may_not_leave"


class EditedMeanwhile(Conflict):
    """This post was changed meanwhile: look at the new text first."""

    code = "edited_meanwhile"


async def write(session: AsyncSession, draft: Draft, *, by: Staff) -> Post:
    """Post; see `compose`."""
    return (await compose(session, draft, by=by)).post


class Written(Struct, frozen=True):
    """A new post with what was found out to write it. `is_alone`: it hangs on nothing and is in no group."""

    post: Post
    named: tuple[Actor, ...]
    tags: tuple[str, ...]
    is_alone: bool


async def compose(session: AsyncSession, draft: Draft, *, by: Staff) -> Written:
    """Post. What may leave at once is released, what has a gate before it waits there, the rest stays in the house.

    Raises:
        Invalid: see `drafts.check_text` and `drafts.find_place`. NotFound, NotAMember.
        MayNotLeave: it names or concerns a company that is no partner.
        CannotQuoteHere, CannotAsk, NotPermitted: about what it quotes or answers (`quotes`).
    """
    checked = await check_text(session, draft, by=by)
    place = await find_place(session, draft, checked, by=by)
    post = _new(session, draft, checked, place, by=by)
    post.emoji = await _emoji_in(session, draft, checked)
    is_plain = place.parent is None and draft.poll is None and draft.quote_of_id is None
    is_decided = is_plain and place.visibility is not Visibility.DIRECT
    news: list[journal.Entry] = []
    if is_decided:  # what the gate asks about is all here: the row is written once, as it stays
        decision = await egress.decide(session, post)
        news = _let_go(post, decision, is_quiet=place.group is None and not checked.named)
    await _store(session, post)
    if not is_decided or decision.answer is Answer.HOLD:
        session.add(post)  # more is done to it
    await _fill(session, post, checked)
    if place.recipients:
        session.add_all([Recipient(post_id=post.id, actor_id=person) for person in place.recipients])
        await session.flush()
    if draft.poll is not None:
        await polls.ask(session, post, draft.poll)
    if place.parent is not None:
        await quotes.ask_to_answer(session, post, place.parent, by=by)
    if draft.quote_of_id is not None:
        await quotes.begin(session, post, draft.quote_of_id, by=by)
    if not is_decided:
        news = await _pass_the_gate(session, post, by=by)
    elif decision.answer is Answer.HOLD:
        await approvals.submit(session, post, decision, by=by)
    is_quiet = not checked.named and place.parent is None
    news.append(journal.PostWritten(post.id, is_quiet=is_quiet, author_id=by.actor_id))
    await journal.record_all(session, news)
    is_alone = is_plain and place.group is None and not checked.media
    return Written(post, checked.named, tuple(sorted(_tags(checked))), is_alone)


def _tags(checked: Checked) -> dict[str, str]:
    """The hashtags of a text as they are compared, and as they were typed."""
    return {fold_tag(tag): tag for tag in checked.rendered.hashtags}


def _new(session: AsyncSession, draft: Draft, checked: Checked, place: Place, *, by: Staff) -> Post:
    instance = instance_of(session)
    post_id = new_id()
    parent = place.parent
    return Post(
        id=post_id,
        uri=instance.mint("o"),
        url=instance.url(f"/posts/{post_id}"),
        author_id=by.actor_id,
        group_id=place.group.id if place.group else None,
        visibility=place.visibility,
        reach=place.reach,
        revision=1,
        title=checked.title,
        source=checked.source,
        html=checked.rendered.html,
        warning=checked.warning,
        is_sensitive=draft.is_sensitive or bool(checked.warning),
        language=draft.language,
        reply_to_id=parent.id if parent else None,
        reply_to_uri=parent.uri if parent else None,
        thread_id=(parent.thread_id or parent.id) if parent else post_id,
        context_uri=parent.context_uri if parent else instance.mint("t"),
        application_id=draft.application_id,
        interaction=with_quoting(None, draft.quoting) if draft.quoting is not None else None,
    )


async def _store(session: AsyncSession, post: Post) -> None:
    """Write a new row; `post` is as if it was loaded: a flush would take three times as long."""
    known = vars(post)
    values = {name: known.get(name, usual) for name, usual in _USUAL.items()}
    values |= {"emoji": known.get("emoji") or [], "created_at": now()}
    await _POST(session, values)
    known.update(values)
    make_transient_to_detached(post)


_POST = Direct(insert(cast(Table, Post.__table__)))
_REVISION = Direct(insert(cast(Table, Revision.__table__)))
_USUAL = usual_of(cast(Table, Post.__table__))


async def _fill(session: AsyncSession, post: Post, checked: Checked) -> None:
    """Write the revision that `post` is at, with its files, names and tags."""
    await _REVISION(
        session,
        {
            "post_id": post.id,
            "number": post.revision,
            "title": post.title,
            "source": post.source,
            "html": post.html,
            "warning": post.warning,
            "is_sensitive": post.is_sensitive,
            "language": post.language,
            "poll_id": None,
            "created_at": now(),
        },
    )
    added: list[Base] = [
        Attachment(
            post_id=post.id,
            revision=post.revision,
            position=position,
            media_id=media.id,
            description=media.description,
        )
        for position, media in enumerate(checked.media)
    ]
    for media in checked.media:
        media.posted_at = media.posted_at or now()
    added += [Mention(post_id=post.id, actor_id=actor.id) for actor in checked.named]
    added += [PostTag(post_id=post.id, name=name, shown=shown) for name, shown in _tags(checked).items()]
    if added:
        session.add_all(added)


async def _pass_the_gate(session: AsyncSession, post: Post, *, by: Staff) -> list[journal.Entry]:
    """Ask the gate; what is to be told when it lets the post out at once."""
    decision = await egress.decide(session, post)
    if decision.answer is Answer.HOLD:
        await approvals.submit(session, post, decision, by=by)
    return _let_go(post, decision)


def _let_go(post: Post, decision: egress.Decision, *, is_quiet: bool = False) -> list[journal.Entry]:
    """Release `post` where the gate says so; what is to be told then. Raises MayNotLeave."""
    if decision.answer is Answer.STOP:
        raise MayNotLeave(rule=decision.rule, hosts=decision.refused)
    if decision.answer is not Answer.GO:
        return []
    post.published_revision = post.revision
    return [journal.PostReleased(post.id, post.revision, is_quiet=is_quiet, author_id=post.author_id)]


async def edit(session: AsyncSession, post_id: int, draft: Draft, *, by: Staff, revision: int | None = None) -> Post:
    """Replace a post's text and files by a new revision. Behind a gate, partners keep the approved one until the next.

    Raises:
        NotFound: `by` may not see it. NotAllowed: `by` did not write it. Invalid: as in `write`.
        NotAMember: it is in a group to which `by` does not belong any more: new words there are for its members.
        EditedMeanwhile: `revision` is given and is not the one being replaced.
    """
    post = await _own(session, post_id, by=by)
    group = await session.get(Group, post.group_id) if post.group_id is not None else None
    if group is not None and not await policy.may_post(session, by, group):
        raise NotAMember(group_id=group.id, post_id=post_id)
    if revision is not None and revision != post.revision:
        raise EditedMeanwhile(post_id=post_id)
    checked = await check_text(session, draft, by=by, post_id=post.id)
    await session.execute(sql_delete(Mention).where(Mention.post_id == post.id))
    await session.execute(sql_delete(PostTag).where(PostTag.post_id == post.id))
    post.revision += 1
    post.title = checked.title
    post.source = checked.source
    post.html = checked.rendered.html
    post.warning = checked.warning
    post.is_sensitive = draft.is_sensitive or bool(checked.warning)
    post.language = draft.language or post.language
    known = post.emoji if draft.keeps_poll else []  # its answers are not in the draft
    post.emoji = sorted({*known, *await _emoji_in(session, draft, checked)})
    post.edited_at = now()
    await _fill(session, post, checked)
    await session.flush()
    if draft.poll is not None or post.kind is PostKind.QUESTION:
        await polls.revise(session, post, draft.poll, keeps=draft.keeps_poll)
    await approvals.supersede(session, post)
    news = await _pass_the_gate(session, post, by=by)
    await journal.record_all(session, [*news, journal.PostEdited(post.id, post.revision)])
    return post


async def _emoji_in(session: AsyncSession, draft: Draft, checked: Checked) -> list[str]:
    """Which emoji of the house a post uses, in its words or in the answers of its poll."""
    answers = draft.poll.options if draft.poll is not None else ()
    return await emoji.own_in(session, checked.title, checked.source, checked.warning, *answers)


async def _own(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    post = await session.scalar(policy.visible_posts(by).where(Post.id == post_id).with_for_update(of=Post))
    if post is None:
        raise NotFound(post_id=post_id)
    if not policy.may_edit(by, post):
        raise NotAllowed(post_id=post_id)
    return post


async def delete(session: AsyncSession, post_id: int, *, by: Staff, with_files: bool = False) -> Post:
    """Take a post back: at once, here and wherever it went. Its row stays as a gap without content.

    The files it carried are free for a new post of the same author, unless they go `with_files`.

    Raises:
        NotFound: `by` may not see it. NotAllowed: `by` neither wrote it nor owns its group.
    """
    post = await session.scalar(
        policy.visible_posts(by).where(Post.id == post_id).options(selectinload(Post.author)).with_for_update(of=Post)
    )
    if post is None:
        raise NotFound(post_id=post_id)
    if not await policy.may_delete(session, by, post):
        raise NotAllowed(post_id=post_id)
    if with_files:
        carried = select(Attachment.media_id).where(Attachment.post_id == post.id)
        await session.execute(
            update(Media)
            .where(Media.id.in_(carried), Media.actor_id == post.author_id)
            .values(deleted_at=now())
            .execution_options(synchronize_session=False)
        )
    await erase(session, post, by_handle=by.username)
    return post


async def erase(session: AsyncSession, post: Post, *, by_handle: str) -> None:
    """Blank a post and all that hangs on it, and announce that it is gone."""
    await approvals.withdraw(session, post)
    post.deleted_at = now()
    post.title = post.source = post.html = post.warning = ""
    for table in (Revision, Mention, PostTag, Attachment, Featured, Notification):
        await session.execute(sql_delete(table).where(table.post_id == post.id))
    await polls.erase(session, post.id)
    await quotes.erase(session, post.id)
    boosts = (await session.scalars(select(Post).where(Post.boost_of_id == post.id, Post.deleted_at.is_(None)))).all()
    for boost in boosts:
        boost.deleted_at = now()
    await ledger.append_recalls(session, [post], actor=by_handle, rule="withdrawn")
    journal.record(session, journal.PostDeleted(post.id, post.uri))
    await session.flush()


# Boosts


async def boost(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Show a post to followers of `by` who may see it themselves; a second time changes nothing. Raises NotFound."""
    post = await policy.visible_post(session, by, post_id)
    if post is None:
        raise NotFound(post_id=post_id)
    if post.boost_of_id is not None:
        post = await session.get_one(Post, post.boost_of_id)
    if post.visibility in (Visibility.DIRECT, Visibility.FOLLOWERS):
        raise NotAllowed(post_id=post_id)
    found = await boost_of(session, post.id, by.actor_id)
    if found is not None:
        return found
    if await policy.must_permit(session, by, post, Interaction.ANNOUNCE) is not Verdict.AUTOMATIC:
        raise NotPermitted(post_id=post.id)  # a boost is all or nothing: asking for one is not built
    leaves = instance_of(session).clients_public_leaves and await policy.is_for_everybody(session, post.id)
    made = Post(
        id=new_id(),
        uri=instance_of(session).mint("x"),
        url=post.url,
        author_id=by.actor_id,
        group_id=post.group_id,
        visibility=post.visibility,
        reach=post.reach if leaves else Reach.INTERNAL,
        boost_of_id=post.id,
    )
    news: list[journal.Entry] = [journal.PostWritten(made.id)]
    if leaves:
        made.published_revision = 1
        news.insert(0, journal.PostReleased(made.id, 1))
    await _store(session, made)
    session.add(made)
    await journal.record_all(session, news)
    return made


async def boost_of(session: AsyncSession, post_id: int, actor_id: int) -> Post | None:
    return await session.scalar(
        select(Post).where(Post.boost_of_id == post_id, Post.author_id == actor_id, Post.deleted_at.is_(None))
    )


async def unboost(session: AsyncSession, post_id: int, *, by: Staff) -> None:
    """Take a boost back; silent when there is none."""
    found = await boost_of(session, post_id, by.actor_id)
    if found is not None:
        found.deleted_at = now()
        journal.record(session, journal.PostDeleted(found.id, found.uri, undoes=found.uri))
        await session.execute(sql_delete(Notification).where(Notification.post_id == found.id))


async def note_departure(
    session: AsyncSession,
    post_id: int,
    inboxes: Iterable[tuple[str, str]],
    revision: int,
    *,
    is_copy: bool = False,
) -> None:
    """Remember which inboxes (inbox, host) got a revision of a post: they must hear of edits and of its end.

    `is_copy`: they got it as the group's own copy (GRP-16).
    """
    told = {"post_id": post_id, "revision": revision, "is_copy": is_copy}
    rows = [{"inbox": inbox, "host": host, **told} for inbox, host in dict(inboxes).items()]
    if rows:
        await session.execute(_departing(session.get_bind().dialect.name), rows)


@functools.cache
def _departing(dialect: str) -> Insert:
    into = insert_for(dialect, cast(Table, Departure.__table__))
    return into.on_conflict_do_update(
        index_elements=[Departure.post_id, Departure.inbox], set_={"revision": into.excluded.revision}
    )


async def departures(session: AsyncSession, post_id: int) -> dict[str, Departure]:
    """Who has a post, by inbox."""
    found = await session.scalars(select(Departure).where(Departure.post_id == post_id))
    return {departure.inbox: departure for departure in found}


async def free_media(session: AsyncSession, media: Media) -> bool:
    """Whether no post that lives or waits for its time carries `media`, and no profile shows it."""
    used = exists().where(Attachment.media_id == media.id)
    profile = exists().where((Actor.avatar_id == media.id) | (Actor.header_id == media.id))
    waits = exists().where(ScheduledFile.media_id == media.id)
    return not await session.scalar(select(or_(used, profile, waits)))
