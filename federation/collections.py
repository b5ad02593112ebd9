"""Collections of actors, posts and threads, holding only what whoever asks may know of (protocol section 4, L3, L5).

Counts leave the house for public groups and people whom everybody knows, and count only those outside: how many
colleagues belong to something is nobody's business (L2).
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from federation import questions
from federation.documents import activity as activity_documents
from federation.documents import post as post_documents
from federation.errors import ProtocolError
from federation.upkeep import comparing
from federation.vocabulary import Document, host_of
from federation.vocabulary.urls import BadUrl
from models import copies, policy
from models.prepared import prepare
from models.tables import (
    Activity,
    Actor,
    ActorType,
    Featured,
    Follow,
    Group,
    MemberRole,
    Membership,
    MemberState,
    Pin,
    Post,
    Reach,
)
from models.viewers import ANONYMOUS, Anonymous, RemoteViewer

PER_PAGE = 20
_ANNOUNCED = 500
_LONGEST_NUMBER = 19

Asker = RemoteViewer | Anonymous
Query = Mapping[str, str]


class NothingToAsk(ProtocolError):
    """Who follows a public group is no secret worth a question."""

    code = "nothing_to_ask"


# Actors


async def of_actor(
    session: AsyncSession, asker: Asker, actor: Actor, name: str, *, url: str, query: Query
) -> Document | None:
    """The collection of that name, of an actor that `asker` may know of; None when there is none."""
    match name:
        case "outbox":
            return await _outbox(session, asker, actor, url, query)
        case "followers" if "is_follower" in query:
            return await _follower(session, asker, actor, query["is_follower"], url)
        case "followers" | "following":
            return await _hidden(session, actor, name, url)
        case "synchronization" if actor.type is ActorType.GROUP and isinstance(asker, RemoteViewer):
            return await comparing.listed_for(session, actor, asker.host, url)
        case "featured":
            return await _featured(session, asker, actor, url)
        case "moderators" if actor.type is ActorType.GROUP:
            return await _moderators(session, asker, actor, url)
    return None


async def _outbox(session: AsyncSession, asker: Asker, actor: Actor, url: str, query: Query) -> Document | None:
    """What it made known and `asker` may see, newest first (COL-1, COL-2): a person's posts, or all of a group."""
    place = Post.group_id if actor.type is ActorType.GROUP else Post.author_id
    posts = policy.nameable_posts(asker).where(place == actor.id, Post.boost_of_id.is_(None))
    if "page" not in query:
        total = await session.scalar(posts.with_only_columns(func.count()).order_by(None))
        return {"id": url, "type": "OrderedCollection", "totalItems": total or 0, "first": f"{url}?page=true"}
    before = _number(query.get("before"))
    if before is not None:
        posts = posts.where(Post.id < before)
    rows = (await session.scalars(posts.order_by(Post.id.desc()).limit(PER_PAGE + 1))).all()
    shown = rows[:PER_PAGE]
    page = f"{url}?page=true" + (f"&before={before}" if before is not None else "")
    document: Document = {
        "id": page,
        "type": "OrderedCollectionPage",
        "partOf": url,
        "orderedItems": await _as_activities(session, asker, actor, shown),
    }
    if len(rows) > PER_PAGE:
        document["next"] = f"{url}?page=true&before={shown[-1].id}"
    return document


async def _as_activities(session: AsyncSession, asker: Asker, actor: Actor, posts: Sequence[Post]) -> list[object]:
    """The newest activity that each post was sent with; one that was sent to nobody yet is made up for the list."""
    sent = await session.scalars(
        policy.visible_activities(asker)
        .where(
            Activity.actor_id == actor.id,
            Activity.post_id.in_([post.id for post in posts]),
            Activity.type.in_(("Create", "Update")),
            ~copies.is_told(),
        )
        .order_by(Activity.id)
    )
    known = {activity.post_id: activity for activity in sent}
    items: list[object] = []
    for post in posts:
        if post.id in known:
            items.append(msgspec.json.decode(known[post.id].body))
        elif post.is_local:
            items.append(await _made_up(session, actor, post))
    return items


async def _made_up(session: AsyncSession, actor: Actor, post: Post) -> Document:
    """The Create of a post, inside the group's Announce where a group is asked; ids are parts of the post's own."""
    rendered = await post_documents.render(session, post)
    create = activity_documents.create(f"{post.uri}#create", rendered)
    if actor.type is not ActorType.GROUP:
        return create
    return activity_documents.announce_activity(
        f"{post.uri}#announce",
        actor.uri,
        actor.followers_uri or f"{actor.uri}/followers",
        create,
        is_public=post.reach is Reach.PUBLIC,
        published=post.created_at,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else None


async def _hidden(session: AsyncSession, actor: Actor, name: str, url: str) -> Document:
    """COL-3: that there is such a collection, at most how many are in it, never who."""
    document: Document = {"id": url, "type": "OrderedCollection"}
    if await session.scalar(policy.visible_actors(ANONYMOUS).where(Actor.id == actor.id)) is None:
        return document
    if actor.type is ActorType.GROUP:
        total = 0
        if name == "followers":
            of_group = select(func.count()).select_from(Membership)
            total = (
                await session.scalar(
                    of_group.where(
                        Membership.group_id == actor.id,
                        Membership.state == MemberState.MEMBER,
                        Membership.host != "",
                    )
                )
                or 0
            )
        return document | {"totalItems": total}
    ours, theirs = (
        (Follow.followee_id, Follow.follower_id) if name == "followers" else (Follow.follower_id, Follow.followee_id)
    )
    total = (
        await session.scalar(
            select(func.count())
            .select_from(Follow)
            .join(Actor, Actor.id == theirs)
            .where(ours == actor.id, Follow.accepted_at.is_not(None), Actor.host != "")
        )
        or 0
    )
    return document | {"totalItems": total}


async def _follower(session: AsyncSession, asker: Asker, actor: Actor, follower_uri: str, url: str) -> Document | None:
    """COL-4: whether the server of somebody takes part in a group that is not public; asked by one that does."""
    group = await session.get(Group, actor.id)
    if group is not None and group.reach is Reach.PUBLIC:
        raise NothingToAsk
    if group is None or not isinstance(asker, RemoteViewer):
        return None
    try:
        host = host_of(follower_uri)
    except BadUrl:
        return None
    takes_part = select(Membership.host).where(
        Membership.group_id == group.id,
        Membership.state == MemberState.MEMBER,
        Membership.host.in_((asker.host, host)),
    )
    if set(await session.scalars(takes_part)) != {asker.host, host}:
        return None
    return {"id": url, "type": "OrderedCollection"}


async def _featured(session: AsyncSession, asker: Asker, actor: Actor, url: str) -> Document:
    """What stands on top of a group or a person's profile, as far as `asker` may know of it: ids, unpaged (COL-5,
    GRP-13).

    Who reads the group's copies gets theirs: a microblog shows on top only what the group wrote itself (GRP-16).
    """
    posts = policy.nameable_posts(asker)
    if actor.type is ActorType.GROUP:
        posts = posts.join(Pin, Pin.post_id == Post.id).where(Pin.group_id == actor.id).order_by(Pin.since.desc())
    else:
        top = posts.join(Featured, Featured.post_id == Post.id).where(Featured.actor_id == actor.id)
        posts = top.order_by(Featured.since.desc())
    rows = (await session.scalars(posts.limit(PER_PAGE))).all()
    items = [post.uri for post in rows]
    if isinstance(asker, RemoteViewer) and asker.host in await copies.hosts(session, actor.id):
        found = {copy.post_id: copy.uri for copy in await session.scalars(policy.visible_copies(asker))}
        items = [found[post.id] for post in rows if post.id in found]
    return {"id": url, "type": "OrderedCollection", "totalItems": len(items), "orderedItems": items}


async def _moderators(session: AsyncSession, asker: Asker, actor: Actor, url: str) -> Document:
    """Owner and moderators of a group, of ours those whom `asker` knows already."""
    known = policy.visible_actors(asker).with_only_columns(Actor.id)
    found = await session.scalars(
        select(Actor.uri)
        .join(Membership, Membership.actor_id == Actor.id)
        .where(
            Membership.group_id == actor.id,
            Membership.state == MemberState.MEMBER,
            Membership.role.in_((MemberRole.OWNER, MemberRole.MODERATOR)),
            (Actor.host != "") | Actor.id.in_(known),
        )
        .order_by(Actor.id)
    )
    items = list(found)
    return {"id": url, "type": "OrderedCollection", "totalItems": len(items), "orderedItems": items}


# Posts


async def of_post(session: AsyncSession, asker: Asker, post: Post, name: str, *, query: Query) -> Document | None:
    """The collection of that name, of a post that `asker` may see; None when there is none."""
    if name != "replies":
        return None
    url = f"{post.uri}/replies"
    if "page" not in query:
        return {"id": url, "type": "Collection", "first": await _replies(session, asker, post, url, query)}
    return await _replies(session, asker, post, url, query)


async def _replies(session: AsyncSession, asker: Asker, post: Post, url: str, query: Query) -> Document:
    """Ids of the answers that `asker` may know of: the author's own on the first page, then the others' (COL-6)."""
    answers = policy.nameable_posts(asker).where(Post.reply_to_id == post.id)
    after = _number(query.get("after"))
    if after is None:
        own = await session.scalars(answers.where(Post.author_id == post.author_id).order_by(Post.id))
        return {
            "id": f"{url}?page=true",
            "type": "CollectionPage",
            "partOf": url,
            "next": f"{url}?page=true&after=0",
            "items": [reply.uri for reply in own],
        }
    others = answers.where(Post.author_id != post.author_id, Post.id > after).order_by(Post.id).limit(PER_PAGE + 1)
    rows = (await session.scalars(others)).all()
    shown = rows[:PER_PAGE]
    document: Document = {
        "id": f"{url}?page=true&after={after}",
        "type": "CollectionPage",
        "partOf": url,
        "items": [reply.uri for reply in shown],
    }
    if len(rows) > PER_PAGE:
        document["next"] = f"{url}?page=true&after={shown[-1].id}"
    return document


async def _thread(session: AsyncSession, asker: Asker, uri: str) -> Sequence[Post]:
    statement, values = prepare(asker, questions.thread_at)
    return (await session.scalars(statement, {**values, "uri": uri})).all()


async def of_thread(session: AsyncSession, asker: Asker, uri: str) -> Document | None:
    """A thread's posts by id, oldest first, owned by its group or by who began it (COL-7, FEP-7888)."""
    rows = await _thread(session, asker, uri)
    if not rows or not any(post.is_local for post in rows):
        return None
    owner = await session.get_one(Actor, rows[0].group_id or rows[0].author_id)
    return {
        "id": uri,
        "type": "OrderedCollection",
        "attributedTo": owner.uri,
        "totalItems": len(rows),
        "orderedItems": [post.uri for post in rows],
    }


async def of_thread_history(session: AsyncSession, asker: Asker, uri: str) -> Document | None:
    """What a group of ours announced in a thread, oldest first, as far as `asker` may have it (GRP-15, FEP-171b)."""
    rows = await _thread(session, asker, uri)
    if not rows or rows[0].group_id is None:
        return None
    group = await session.get_one(Actor, rows[0].group_id)
    if not group.is_local:
        return None
    announced = await session.scalars(
        policy.visible_activities(asker)
        .where(Activity.actor_id == group.id, Activity.post_id.in_([post.id for post in rows]), ~copies.is_told())
        .order_by(Activity.id)
        .limit(_ANNOUNCED)
    )
    items = [msgspec.json.decode(activity.body) for activity in announced]
    return {
        "id": f"{uri}/history",
        "type": "OrderedCollection",
        "attributedTo": group.uri,
        "totalItems": len(items),
        "orderedItems": items,
    }
