"""Posts as feeds, threads and the gate show them, for whoever looks, in a fixed number of statements."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Literal

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from models import approvals, deliveries, egress, groups, link_cards, moderation, policy, polls, reactions
from models.instance import instance_of
from models.posts import reading
from models.posts.reading import Extras, shown_by
from models.tables import (
    Actor,
    Approval,
    Attachment,
    FilterAction,
    Group,
    LinkCard,
    Media,
    MediaKind,
    MediaState,
    MemberState,
    Post,
    Reach,
    Revision,
    Verdict,
    Visibility,
)
from models.text.sanitise import clean_own, clean_stored
from models.text.titles import title_of
from models.viewers import Staff
from server import link_cards as wished
from server.context import REMOTE_FILES
from server.i18n import gettext as _
from server.media import is_shown
from server.web import views
from server.web.presenters import filtering
from server.web.presenters import polls as polled
from server.web.presenters import quotes as quoting
from server.web.presenters.quotes import Quoted
from server.web.presenters.sight import Sight, pictures_of

DISTRIBUTED_WITHIN = timedelta(hours=24)
_FOLDED_LINES = 10
_LINE = 72
_BREAKS = re.compile(r"<br ?/?>|</(?:p|li|h[1-6]|pre|blockquote|tr)>")
_TAGS = re.compile(r"<[^>]*>")
_NO_PICTURE = (1200, 800)
_LONG = 10_000


class Around(Struct, frozen=True):
    """What is known about the posts of one page."""

    extras: Extras
    audiences: Mapping[int | None, egress.Audience]
    parents: Mapping[int, Post]
    named: Mapping[int, Sequence[Actor]]
    standing: Mapping[int, MemberState]
    approvals: Mapping[int, Approval]
    released: Mapping[int, Revision]
    polls: Mapping[int, polls.Standing]
    quoted: Quoted
    emoji: Mapping[int, Sequence[reactions.Reaction]]
    cards: Mapping[int, LinkCard]
    kept: frozenset[int]
    locked: frozenset[int]
    removers: Mapping[int, Actor]
    turned_away: frozenset[int]


async def present(
    session: AsyncSession, sight: Sight, posts: Iterable[Post], *, place: filtering.Place = "", opened: int = 0
) -> tuple[views.PostView, ...]:
    """Views of `posts`, in their order; for visitors of the revision that left.

    Filters count that are for the `place`. What one of them hides is left out; around the post that is `opened` it is
    folded like what others warn of.
    """
    rows = list(posts)
    around, sight = await look_around(session, sight, rows)
    rules = await filtering.in_force(session, sight, place)
    matched = filtering.found(sight, rules, rows, around.extras.files, around.polls)
    made = []
    for post in rows:
        view, rule = await _view(session, sight, post, around), matched.get(post.id)
        if rule is None or post.id == opened:
            made.append(view)
        elif opened or rule.action is not FilterAction.HIDE:
            made.append(replace(view, content_warning=_("Filtered: %(title)s", title=rule.title), title=""))
    return tuple(made)


async def look_around(session: AsyncSession, sight: Sight, rows: Sequence[Post]) -> tuple[Around, Sight]:
    """Everything that a page with these posts shows besides, and the sight with the names of the companies in it."""
    viewer, staff = sight.viewer, sight.staff
    shown = [shown_by(post) for post in rows]
    ids = [post.id for post in shown]
    group_of = {post.group.id: post.group for post in shown if post.group is not None}
    parents = await reading.parents(session, viewer, rows)
    direct = [post.id for post in shown if post.visibility is Visibility.DIRECT]
    named = await reading.recipients(session, direct) if direct else {}
    released = {} if staff else await reading.released(session, ids)
    around = Around(
        extras=await reading.extras(session, viewer, rows),
        audiences=await egress.audiences(session, group_of.values()),
        parents=parents,
        named=named,
        standing=await groups.standing(session, staff, group_of) if staff and group_of else {},
        approvals=await approvals.latest(session, ids) if staff else {},
        released=released,
        polls=await polls.of_posts(session, viewer, shown),
        quoted=await quoting.of_posts(session, sight, shown),
        emoji=await reactions.emoji_of(session, ids),
        cards=await _cards(session, sight, shown, released),
        kept=await moderation.kept_among(session, staff, group_of) if staff else frozenset(),
        locked=await moderation.locked_among(session, shown),
        removers=await moderation.removers(session, shown) if staff else {},
        turned_away=await deliveries.turned_away(session, [post.id for post in shown if _awaits_group(post)]),
    )
    actors = [
        *(post.author for post in rows),
        *(post.author for post in shown),
        *(parent.author for parent in parents.values()),
        *(actor for people in named.values() for actor in people),
        *(post.author for post in around.quoted.posts.values()),
    ]
    hosts = {actor.host for actor in actors} - set(sight.companies)
    return around, sight.naming(await egress.company_names(session, hosts))


async def _cards(
    session: AsyncSession, sight: Sight, posts: Sequence[Post], released: Mapping[int, Revision]
) -> Mapping[int, LinkCard]:
    links: dict[int, str] = {}
    for post in posts:
        words: Post | Revision = post if sight.staff else released.get(post.id, post)
        link = link_cards.link_of(post, words.html, instance_of(session))
        if link is not None:
            links[post.id] = link
    return await wished.shown(sight.app, session, sight.viewer, links) if links else {}


def _card(sight: Sight, row: LinkCard) -> views.CardView:
    has_picture = row.image_url is not None and sight.staff is not None
    return views.CardView(
        url=row.url,
        title=row.title,
        provider=row.provider,
        description=row.description,
        image_url=sight.url("media-card", card_id=row.id) if has_picture else "",
    )


async def _view(session: AsyncSession, sight: Sight, post: Post, around: Around) -> views.PostView:
    shown = shown_by(post)
    staff = sight.staff
    words: Post | Revision = shown if staff else around.released.get(shown.id, shown)
    approval = around.approvals.get(shown.id)
    parent = around.parents.get(shown.reply_to_id or 0)
    url = sight.url("post", post_id=shown.id)
    return views.PostView(
        id=str(post.id),
        url=url,
        author=sight.person(shown.author),
        reach=reach_of(sight, shown, around),
        at=sight.moment(shown.created_at),
        text=await _text(words.html, own=shown.is_local, emoji=tuple(pictures_of(shown, words.html).items())),
        language=words.language or "",
        group=group_ref(sight, shown.group),
        reason=_reason(shown),
        title=words.title,
        content_warning=words.warning or (_("Sensitive picture") if _hides_pictures(words, shown, around) else ""),
        long=is_long(words.html),
        images=tuple(
            image(sight, file, stays_with=sight.company_of(shown.author.host) if shown.author.is_introduced else "")
            for file in around.extras.files.get(shown.id, ())
        ),
        vouched=shown.is_vouched,
        distribution=_distribution(sight, shown, around),
        card=_card(sight, around.cards[shown.id]) if shown.id in around.cards else None,
        quote=quoting.view(sight, shown, around.quoted),
        poll=polled.view(sight, around.polls[shown.id]) if shown.id in around.polls else None,
        reply_to=sight.person(parent.author) if parent else None,
        reply_to_url=sight.url("post", post_id=parent.id) if parent else "",
        boosted_by=sight.person(post.author) if post is not shown else None,
        replies=around.extras.marks.replies.get(shown.id, 0),
        likes=around.extras.marks.likes.get(shown.id, 0),
        emoji=tuple(views.EmojiView(sign.emoji, sign.people) for sign in around.emoji.get(shown.id, ())),
        edited=sight.moment(shown.edited_at) if shown.edited_at and staff else None,
        history_url=sight.url("post-history", post_id=shown.id) if staff and shown.revision > 1 else "",
        waiting_since=_waiting(sight, approval),
        partners_keep_approved=shown.published_revision is not None,
        returned=_returned(sight, shown, approval),
        approved=_approved(sight, approval),
        removed=_removed(sight, shown, around),
        locked=shown.locked_at is not None,
        heading=_heading(shown, words),
        actions=await _actions(session, sight, shown, around) if staff else views.PostActions(),
    )


async def _text(html: str, *, own: bool, emoji: tuple[tuple[str, str], ...]) -> Markup:
    """The same as `cleaned`; what may take a second because it was made to goes not before everybody else (R-47)."""
    if len(html) > _LONG:
        return await asyncio.to_thread(cleaned, html, own=own, emoji=emoji)
    return cleaned(html, own=own, emoji=emoji)


@lru_cache(maxsize=4096)
def cleaned(html: str, *, own: bool, emoji: tuple[tuple[str, str], ...] = ()) -> Markup:
    """HTML from the database for a page; cleaned when it was written or taken in, and again on its way out (R-50)."""
    known = dict(emoji)
    return Markup(clean_own(html, emoji=known) if own else clean_stored(html, images_under="/media/", emoji=known))


def group_ref(sight: Sight, group: Group | None) -> views.GroupRef | None:
    return views.GroupRef(group.actor.shown_name, sight.actor_url(group.actor)) if group is not None else None


def ref_of(sight: Sight, actor: Actor) -> views.GroupRef:
    """A group by its actor, with its company where it is one elsewhere."""
    name = actor.shown_name if actor.is_local else f"{actor.shown_name} ({sight.company_of(actor.host)})"
    return views.GroupRef(name, sight.actor_url(actor))


def _reason(post: Post) -> str:
    if post.visibility is Visibility.DIRECT:
        return _("Direct message")
    if post.visibility is Visibility.FOLLOWERS:
        return _("For followers only")
    return ""


def _hides_pictures(words: Post | Revision, post: Post, around: Around) -> bool:
    return words.is_sensitive and bool(around.extras.files.get(post.id))


def is_long(html: str) -> bool:
    """Whether a text takes clearly more lines than a feed shows before it folds."""
    lines = [_TAGS.sub("", line) for line in _BREAKS.split(html)]
    return sum(1 + len(line) // _LINE for line in lines if line.strip()) > _FOLDED_LINES


def image(sight: Sight, file: Attachment, *, stays_with: str = "") -> views.ImageView:
    missing = _why_missing(sight, file.media)
    shown = picture(sight, file.media, alt=file.description)
    if stays_with:  # B2B-4: the author's company does not trade with ours, only with the group's
        return replace(shown, missing=_("This file stays with %(company)s.", company=stays_with))
    return replace(shown, elsewhere=file.media.remote_url or "", missing=missing) if missing else shown


def _why_missing(sight: Sight, media: Media) -> str:
    """Why a file elsewhere is a link instead of a picture; empty for what is shown."""
    if media.file is not None or media.remote_url is None:
        return ""
    if not is_shown(media):
        return _("File on another server")
    copies = sight.app.get(REMOTE_FILES)
    failure = copies.failure(media.remote_url) if copies is not None else None
    if failure is None:
        return ""
    if failure == "too_large":
        if media.kind is not MediaKind.IMAGE:
            return _("This is too large to show here.")
        return _("This picture is too large to show here.")
    return _("This picture could not be fetched.") if media.kind is MediaKind.IMAGE else _("This could not be fetched.")


def picture(sight: Sight, media: Media, *, alt: str | None = None) -> views.ImageView:
    width, height = media.preview_width or media.width, media.preview_height or media.height
    if not width or not height:
        width, height = _NO_PICTURE
    return views.ImageView(
        url=sight.file_url(media),
        preview_url=sight.preview_url(media),
        width=width,
        height=height,
        alt=media.description if alt is None else alt,
        kind=str(media.kind) if is_shown(media) else "image",
        media_type=media.media_type,
        is_ours=media.file is not None,
        missing="" if media.state is MediaState.READY else _("This file is still being processed."),
    )


def _awaits_group(post: Post) -> bool:
    """GRP-10: whether a group elsewhere has yet to pass on a post of ours; that is its members' only way to it."""
    if not post.is_local or post.group is None or post.group.actor.is_local or post.distributed_at is not None:
        return False
    return post.published_revision is not None


def _distribution(sight: Sight, post: Post, around: Around) -> Literal["", "waiting", "lost"]:
    if not _awaits_group(post):
        return ""
    is_lost = post.id in around.turned_away or sight.now - post.created_at > DISTRIBUTED_WITHIN
    return "lost" if is_lost else "waiting"


# Reach


def reach_of(sight: Sight, post: Post, around: Around) -> views.Reach:
    """Who reads a post: its own reach, narrowed by its group's of today."""
    house = around.audiences[None]
    own = views.Audience(sight.company, house.people)
    if post.visibility is Visibility.DIRECT:
        return _reach_of_people(sight, around.named.get(post.id, ()))
    if post.visibility is Visibility.FOLLOWERS:
        outside = () if post.author.is_local else (views.Audience(sight.company_of(post.author.host)),)
        return views.Reach(kind="partners", own=own, partners=outside)
    if post.visibility in (Visibility.PUBLIC, Visibility.UNLISTED):
        return views.Reach(kind="public", own=own)
    audience = around.audiences.get(post.group_id, house)
    if post.reach is Reach.INTERNAL and audience.reach is not Reach.INTERNAL:
        return views.Reach(kind="internal", own=views.Audience(sight.company, audience.people))
    return reach(sight, audience)


def reach(sight: Sight, audience: egress.Audience) -> views.Reach:
    return views.Reach(
        kind=str(audience.reach),  # type: ignore[arg-type]
        own=views.Audience(sight.company, audience.people),
        partners=tuple(
            views.Audience(company.name, None if audience.is_elsewhere else company.people)
            for company in audience.companies
        ),
    )


def _reach_of_people(sight: Sight, people: Sequence[Actor]) -> views.Reach:
    inside = sum(actor.is_local for actor in people)
    hosts = sorted({actor.host for actor in people} - {""})
    return views.Reach(
        kind="partners" if hosts else "internal",
        own=views.Audience(sight.company, inside),
        partners=tuple(
            views.Audience(sight.company_of(host), sum(actor.host == host for actor in people)) for host in hosts
        ),
    )


# The gate's line under a post


def _waiting(sight: Sight, approval: Approval | None) -> views.Moment | None:
    waits = approval is not None and approval.verdict is Verdict.WAITING
    return sight.moment(approval.submitted_at) if waits and approval else None


def _returned(sight: Sight, post: Post, approval: Approval | None) -> views.Decision | None:
    """A reason is between the gatekeeper and the author."""
    if approval is None or approval.verdict is not Verdict.RETURNED:
        return None
    staff = sight.staff
    if staff is None or not (post.author_id == staff.actor_id or approval.decided_by_id == staff.account_id):
        return None
    return decision(sight, approval)


def _heading(post: Post, words: Post | Revision) -> str:
    if words.title or post.group is None or post.reply_to_id is not None:
        return ""
    return title_of(words.html, post.group.actor.username)


def _removed(sight: Sight, post: Post, around: Around) -> views.Decision | None:
    """The policy shows a removed post to those alone who may know why it was."""
    if post.removed_at is None:
        return None
    by = around.removers.get(post.removed_by_id or 0)
    return views.Decision(by.shown_name if by is not None else "", sight.moment(post.removed_at), post.removal_reason)


def _approved(sight: Sight, approval: Approval | None) -> views.Decision | None:
    return decision(sight, approval) if approval is not None and approval.verdict is Verdict.APPROVED else None


def decision(sight: Sight, approval: Approval) -> views.Decision | None:
    if approval.decided_by is None or approval.decided_at is None:
        return None
    name = approval.decided_by.actor.shown_name
    return views.Decision(name, sight.moment(approval.decided_at), approval.reason)


# What one may do


async def _actions(session: AsyncSession, sight: Sight, post: Post, around: Around) -> views.PostActions:
    staff = sight.staff
    assert isinstance(staff, Staff)  # noqa: S101 - asked for staff only
    extras = around.extras
    page = sight.url("post", post_id=post.id)
    may_post = post.group is None or (
        around.standing.get(post.group.id) is MemberState.MEMBER and post.group.archived_at is None
    )
    may_edit = policy.may_edit(staff, post)
    may_reply = post.group is None or (
        may_post
        and post.removed_at is None
        and ((post.thread_id or post.id) not in around.locked or post.group.id in around.kept)
    )
    moderates = post.group is not None and post.group.id in around.kept
    may_boost = post.visibility not in (Visibility.DIRECT, Visibility.FOLLOWERS)
    return views.PostActions(
        reply_url=f"{page}#compose" if may_reply else None,
        like_url=sight.url("post-like", post_id=post.id),
        liked=post.id in extras.marks.liked,
        boost_url=sight.url("post-boost", post_id=post.id) if may_boost else None,
        boosted=post.id in extras.marks.boosted,
        bookmark_url=sight.url("post-bookmark", post_id=post.id),
        bookmarked=post.id in extras.marks.bookmarked,
        quote_url=quoting.quote_url(sight, post),
        quoting_url=sight.url("post-quoting", post_id=post.id) if may_edit else None,
        quoting=quoting.chosen_policy(post),
        edit_url=sight.url("post-edit", post_id=post.id) if may_edit and may_post else None,
        delete_url=sight.url("post-deletion", post_id=post.id)
        if await policy.may_delete(session, staff, post)
        else None,
        report_url=_report_url(sight, post) if post.author_id != staff.actor_id else None,
        moderate_url=sight.url("post-moderation", post_id=post.id) if moderates else None,
    )


def _report_url(sight: Sight, post: Post) -> str:
    return f"{sight.url('person-report', handle=post.author.handle)}?post={post.id}"


# Threads


def arranged(post: Post, thread: Sequence[Post]) -> tuple[list[Post | None], list[Post | None]]:
    """`thread` around `post`: what it answers, eldest first, and what answers it; None where an answered post is gone.

    A reply to something that is gone keeps its place below the gap.
    """
    known = {other.id: other for other in thread}
    above: list[Post | None] = []
    at = post
    while at.reply_to_id is not None:
        parent = known.get(at.reply_to_id)
        above.append(parent)
        if parent is None or parent in above[:-1]:
            break
        at = parent
    children: dict[int, list[Post]] = {}
    orphans: list[Post] = []
    for other in thread:
        if other.reply_to_id in known:
            children.setdefault(other.reply_to_id or 0, []).append(other)
        elif other.id not in (post.id, post.thread_id or post.id) and other not in above:
            orphans.append(other)
    below: list[Post | None] = list(_below(post, children))
    if post.id == (post.thread_id or post.id):
        for orphan in orphans:
            below += [None, orphan, *_below(orphan, children)]
    return above[::-1], below


def _below(post: Post, children: Mapping[int, list[Post]]) -> Iterable[Post]:
    stack = list(reversed(children.get(post.id, [])))
    while stack:
        other = stack.pop()
        yield other
        stack.extend(reversed(children.get(other.id, [])))


def gap(sight: Sight, number: int) -> views.PostView:
    """The place of a post that is gone."""
    return views.PostView(
        id=f"gap-{number}",
        url="",
        author=views.PersonRef(name="", handle="", url=""),
        reach=views.Reach(kind="internal", own=views.Audience(sight.company)),
        at=sight.moment(sight.now),
        text=Markup(),
        deleted=True,
    )
