"""Where a post from elsewhere belongs here: for whom it is, in which group, and whether anybody here is concerned.

Addressing decides (ADR-1, ADR-2); a reply never goes further than what it answers (ADR-4); what is said in a group
elsewhere counts once that group passes it on (GRP-9); and nothing attaches to what its author may not see.
"""

from collections.abc import Collection, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities.registry import Ignored, Incoming, Refused
from federation.documents import addressing
from federation.documents.addressing import Addressing
from federation.documents.post import ParsedPost, interaction
from federation.remote_posts import Seen
from models import interactions, policy
from models.direct import Direct
from models.groups import keepers
from models.posts import receiving
from models.posts.receiving import RemotePost
from models.prepared import padded
from models.tables import (
    Actor,
    ActorType,
    Follow,
    Group,
    Post,
    Reach,
    Visibility,
)

_WIDTH = (Visibility.DIRECT, Visibility.FOLLOWERS, Visibility.UNLISTED, Visibility.PUBLIC)
_OPEN = (Visibility.PUBLIC, Visibility.UNLISTED)
_FOR_SOME = (Visibility.DIRECT, Visibility.FOLLOWERS)


class Place(Struct, frozen=True, kw_only=True):
    """Where a post goes. `group_actor` comes with `group`; `recipients` are ours, by name."""

    visibility: Visibility
    group: Group | None = None
    group_actor: Actor | None = None
    parent: Post | None = None
    recipients: tuple[Actor, ...] = ()
    named: tuple[Actor, ...] = ()
    is_reply_in_group: bool = False
    is_wanted: bool = False

    @property
    def is_in_our_group(self) -> bool:
        return self.group_actor is not None and self.group_actor.is_local


async def find(session: AsyncSession, incoming: Incoming, seen: Seen) -> Place:
    """Find the place of a post that came by an activity.

    Raises:
        Ignored: it belongs nowhere here. Refused: it would, and a rule says no.
    """
    post, author = seen.post, seen.author
    wire = incoming.wire
    activity = addressing.parse(incoming.document, insecure_hosts=wire.insecure_hosts)
    visibility = visibility_of(post, author, activity)
    above = await _above(session, seen)
    parent = await _parent(session, seen, incoming.via, above)
    people, groups = await _addressed(session, post)
    if incoming.via is not None:
        group_actor: Actor | None = _announcer(incoming.via, post, parent)
    else:
        group_actor = await _group(session, seen, visibility, parent, groups)
    group = await session.get(Group, group_actor.id) if group_actor is not None else None
    if group is not None:
        visibility = Visibility.GROUP
    if visibility not in _FOR_SOME and await _strays(session, above, into=group_actor, via=incoming.via):
        raise Ignored("answers in a group that it is not for")
    owner = await _owner(session, incoming)
    named = await _named(session, post)
    if visibility is Visibility.DIRECT and incoming.via is None:
        keepers = await _keepers(session, author, groups)
        people, named = (*people, *keepers), tuple({actor.id: actor for actor in (*named, *keepers)}.values())
    recipients: tuple[Actor, ...] = ()
    if visibility in _FOR_SOME:
        if owner is not None and not post.addressing.everyone:
            people = (*people, owner)
        followers = await _followers(session, author) if visibility is Visibility.FOLLOWERS else ()
        recipients = tuple({actor.id: actor for actor in (*people, *followers)}.values())
    return Place(
        visibility=visibility,
        group=group,
        group_actor=group_actor,
        parent=parent,
        recipients=recipients,
        named=named,
        is_reply_in_group=parent is not None and group is not None and parent.group_id == group.id,
        is_wanted=bool(
            group
            or people
            or owner
            or parent
            or any(actor.is_local for actor in named)
            or await is_followed(session, author)
        ),
    )


def visibility_of(post: ParsedPost, author: Actor, activity: Addressing) -> Visibility:
    """For whom it is: ADR-1, and the narrower of both where activity and object disagree (ADR-2)."""
    if post.visibility_hint is Visibility.DIRECT and post.type == "ChatMessage":
        return Visibility.DIRECT
    found = [_seen_in(one, author) for one in (post.addressing, activity) if one.everyone or one.is_public]
    return min(found, key=_WIDTH.index) if found else Visibility.DIRECT


def _seen_in(addressed: Addressing, author: Actor) -> Visibility:
    hint = addressed.visibility_hint(author.followers_uri)
    if hint in _OPEN:
        return hint
    return Visibility.FOLLOWERS if author.followers_uri in addressed.everyone else Visibility.DIRECT


async def _above(session: AsyncSession, seen: Seen) -> Post | None:
    """What it answers, as far as we have that: whoever stores it puts it there, into the same group."""
    uri = seen.post.reply_to_uri
    above = await receiving.by_uri(session, uri) if uri else None
    return above if above is not None and above.deleted_at is None else None


async def _strays(session: AsyncSession, above: Post | None, *, into: Actor | None, via: Actor | None) -> bool:
    """Whether it would come into a group by what it answers alone, and that is ours or another than passed it on."""
    if above is None or above.group_id is None or (into is not None and above.group_id == into.id):
        return False
    return via is not None or (await session.get_one(Actor, above.group_id)).is_local


async def _parent(session: AsyncSession, seen: Seen, via: Actor | None, parent: Post | None) -> Post | None:
    """What it answers, if its author may know of that, or the group that passed it on."""
    if parent is None or (parent.removed_at is not None and not parent.is_local):
        return None
    if parent.is_local:
        asker = via or seen.author
        viewer = await policy.remote_viewer(session, asker.host, asker.id)
        if not await policy.may_see(session, viewer, parent.id):
            raise Ignored("answers nothing that they may see")
    return parent


async def _addressed(session: AsyncSession, post: ParsedPost) -> tuple[tuple[Actor, ...], list[Actor]]:
    """Those in `to`, `cc` and `audience` whom we know: people of ours, and groups anywhere, ours first."""
    everyone = list(post.addressing.everyone)
    if post.group_uri is not None:
        everyone.append(post.group_uri)
    found = await met_among(session, everyone, walls=post.submitted_to)
    nobody = (ActorType.GROUP, ActorType.APPLICATION)
    people = tuple(actor for actor in found if actor.type not in nobody and actor.uri in everyone)
    groups = sorted((actor for actor in found if actor.type is ActorType.GROUP), key=lambda actor: actor.host)
    return people, groups


async def met_among(
    session: AsyncSession, addressed: Collection[str], *, walls: Collection[str] = ()
) -> Sequence[Actor]:
    """Those of ours, and the groups anywhere, whom `addressed` names, or the followers of whom; groups by `walls`."""
    found = await session.scalars(_MET, {"addressed": padded(addressed), "walls": padded(walls)})
    return found.all()


_ADDRESSED: Any = bindparam("addressed", expanding=True)
_WALLS: Any = bindparam("walls", expanding=True)
_MET = (
    select(Actor)
    .outerjoin(Group, Group.id == Actor.id)
    .where(
        Actor.uri.in_(_ADDRESSED)
        | Actor.followers_uri.in_(_ADDRESSED)
        | ((Actor.type == ActorType.GROUP) & (Actor.uri.in_(_WALLS) | Actor.outbox.in_(_WALLS))),
        Actor.deleted_at.is_(None),
        (Actor.host == "") | Group.id.is_not(None),
    )
)


def _announcer(via: Actor, post: ParsedPost, parent: Post | None) -> Actor:
    """GRP-9: a group passes on only what names it, or what belongs to a thread of its own."""
    names = {via.uri, via.followers_uri}
    if names.isdisjoint((*post.addressing.everyone, post.group_uri)) and (parent is None or parent.group_id != via.id):
        raise Ignored("does not name the group that announced it")
    return via


async def _group(
    session: AsyncSession, seen: Seen, visibility: Visibility, parent: Post | None, groups: list[Actor]
) -> Actor | None:
    """The group that a post which its author sent us belongs to."""
    post, author = seen.post, seen.author
    viewer = await policy.remote_viewer(session, author.host, author.id)
    for actor in (actor for actor in groups if actor.is_local):
        group = await session.scalar(policy.visible_groups(viewer).where(Group.id == actor.id))
        if group is None:  # for them it does not exist
            continue
        if not _is_submitted(post, actor, group, visibility):
            continue  # GRP-6: a direct message that names the group is for its moderators
        if group.reach is Reach.PUBLIC and visibility not in _OPEN:
            raise Refused("GRP-4", "a public group takes public posts", object_uri=post.uri, group=actor)
        return actor
    home = await session.get(Actor, parent.group_id) if parent is not None and parent.group_id is not None else None
    if home is not None and home.is_local:
        return home if visibility in _OPEN else None  # GRP-6 (a): an answer in the group's thread
    if any(not actor.is_local for actor in groups):
        raise Ignored("waits until its group passes it on")
    if home is not None and parent is not None and (parent.reach is not Reach.PUBLIC or visibility not in _OPEN):
        raise Ignored("answers in a group that has not passed it on")
    return None


def _is_submitted(post: ParsedPost, actor: Actor, group: Group, visibility: Visibility) -> bool:
    """GRP-6: whether a post that names a group is for all of it.

    What somebody elsewhere writes for their followers and names a group in that is not public (GRP-16: so answers its
    copies whoever reads them) is for the group: there is no narrower way to speak to it from there.
    """
    everyone = post.addressing.everyone
    if {actor.uri, actor.outbox} & set(post.submitted_to):
        return True
    if post.addressing.is_public or actor.followers_uri in everyone or actor.uri in post.addressing.audience:
        return True
    return visibility is Visibility.FOLLOWERS and group.reach is not Reach.PUBLIC


async def _keepers(session: AsyncSession, author: Actor, groups: list[Actor]) -> tuple[Actor, ...]:
    """GRP-6: who gets a direct message that names groups of ours, as far as its author may know of them."""
    viewer = await policy.remote_viewer(session, author.host, author.id)
    found: list[Actor] = []
    for actor in (actor for actor in groups if actor.is_local):
        group = await session.scalar(policy.visible_groups(viewer).where(Group.id == actor.id))
        if group is not None:
            found += await keepers(session, group)
    return tuple(found)


async def _owner(session: AsyncSession, incoming: Incoming) -> Actor | None:
    """Whose personal inbox it came to, if that is a person's."""
    if incoming.inbox_actor_id is None or incoming.via is not None:
        return None
    owner = await session.get(Actor, incoming.inbox_actor_id)
    return owner if owner is not None and owner.type is not ActorType.GROUP and owner.deleted_at is None else None


async def _named(session: AsyncSession, post: ParsedPost) -> tuple[Actor, ...]:
    return tuple({actor.id: actor for actor in (await named_among(session, post.mentions)).values()}.values())


async def named_among(session: AsyncSession, mentions: Collection[str]) -> dict[str, Actor]:
    """The people whom `mentions` name, by the address that names them: their id, or for one of ours the page, too."""
    if not mentions:
        return {}
    found = (await session.scalars(_NAMED, {"mentions": padded(mentions)})).all()
    own = {actor.url: actor for actor in found if actor.is_local}
    return own | {actor.uri: actor for actor in found}


_MENTIONS: Any = bindparam("mentions", expanding=True)
_NAMED = select(Actor).where(
    Actor.uri.in_(_MENTIONS) | ((Actor.host == "") & Actor.url.in_(_MENTIONS)),
    Actor.deleted_at.is_(None),
    Actor.type != ActorType.GROUP,
)


async def _followers(session: AsyncSession, author: Actor) -> tuple[Actor, ...]:
    found = await session.scalars(
        select(Actor)
        .join(Follow, Follow.follower_id == Actor.id)
        .where(Follow.followee_id == author.id, Follow.accepted_at.is_not(None), Actor.host == "")
    )
    return tuple(found)


async def is_followed(session: AsyncSession, actor: Actor) -> bool:
    """Whether anybody of ours follows them."""
    return bool(await followed_among(session, [actor]))


async def followed_among(session: AsyncSession, people: Collection[Actor]) -> set[int]:
    """The ids of those whom anybody of ours follows."""
    return {number for [number] in await _FOLLOWED(session, {"people": padded(actor.id for actor in people)})}


_FOLLOWED = Direct(
    select(Follow.followee_id)
    .join(Actor, Actor.id == Follow.follower_id)
    .where(
        Follow.followee_id.in_(bindparam("people", expanding=True)), Follow.accepted_at.is_not(None), Actor.host == ""
    )
    .distinct()
)


def told(seen: Seen, place: Place) -> RemotePost:
    """The post as the models take it in."""
    post = seen.post
    return RemotePost(
        uri=post.uri,
        url=post.url,
        author=seen.author,
        visibility=place.visibility,
        html=post.html,
        source=post.source,
        kind=post.kind,
        group=place.group,
        title=post.title,
        warning=post.warning,
        is_sensitive=post.is_sensitive,
        language=post.language,
        reply_to_uri=post.reply_to_uri,
        context_uri=post.context_uri,
        published=post.published,
        updated=post.updated,
        files=post.files,
        tags=post.tags,
        named=place.named,
        recipients=place.recipients,
        poll=post.poll,
        interaction=interactions.pack(interaction.known(post.interaction, seen.author)),
        emoji=post.emoji,
    )


async def of_parent(session: AsyncSession, seen: Seen, via: Actor | None) -> Place | None:
    """Where a post goes that was fetched because something answers it; None for one that is not for everybody here.

    In a group of ours it is there if its author may answer there, as if it had been sent.
    """
    above = await _above(session, seen)
    strays = await _strays(session, above, into=via, via=via)
    if strays and above is not None and not await _may_answer(session, seen.author, above):
        return None
    visibility = (
        _seen_in(seen.post.addressing, seen.author)
        if seen.post.addressing.everyone or (seen.post.addressing.is_public)
        else Visibility.UNLISTED
    )
    names = {*seen.post.addressing.everyone, seen.post.group_uri}
    if via is not None and not names.isdisjoint({via.uri, via.followers_uri}):
        return Place(visibility=Visibility.GROUP, group=await session.get_one(Group, via.id), group_actor=via)
    if visibility not in _OPEN:
        return None
    return Place(visibility=visibility, named=await _named(session, seen.post))


async def _may_answer(session: AsyncSession, author: Actor, above: Post) -> bool:
    """Whether somebody elsewhere may answer a post in a group, which must be ours for that."""
    group = await session.get_one(Group, above.group_id)
    if not (await session.get_one(Actor, group.id)).is_local:
        return False
    may_contribute = await policy.may_contribute(session, author, group, is_reply=True)
    return may_contribute and await policy.may_answer_in(session, author.id, above)


async def of_known(session: AsyncSession, post: Post, seen: Seen) -> Place:
    """Where a stored post is, for a new version of it: its audience never changes (R-15)."""
    group = await session.get(Group, post.group_id) if post.group_id is not None else None
    return Place(
        visibility=post.visibility,
        group=group,
        group_actor=await session.get(Actor, group.id) if group is not None else None,
        named=await _named(session, seen.post),
        is_reply_in_group=post.reply_to_id is not None,
        is_wanted=True,
    )
