"""Finding people, groups, tags and posts. Words are found anywhere in a text, newest first."""

from sqlalchemy import Select, and_, case, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.base import ExecutableOption

from models import policy, trigrams
from models.actors import has_handle
from models.instance import Instance
from models.posts.reading import loaded
from models.tables import Account, Actor, ActorType, Post, PostTag
from models.text.clean import fold_tag
from models.viewers import Staff, Viewer
from models.words import anywhere, pattern

_WORDS = 8


async def posts(session: AsyncSession, viewer: Viewer, query: str) -> Select[Post]:
    """Posts with all the words of `query` in title or text, in any case."""
    statement = loaded(policy.visible_posts(viewer)).where(Post.boost_of_id.is_(None))
    words = query.split()[:_WORDS]
    narrowed = await trigrams.candidates(session, words)
    if narrowed is not None:
        statement = statement.where(narrowed)
    for word in words:
        statement = statement.where(anywhere(word, Post.source, Post.title, Post.html))
    return statement.order_by(Post.id.desc())


def one_post(viewer: Viewer, post_id: int) -> Select[Post]:
    """This post alone, as `posts` finds it: what somebody looked for by its address."""
    return loaded(policy.visible_posts(viewer)).where(Post.id == post_id)


def at_address(viewer: Viewer, address: str) -> Select[int]:
    """The ids of posts whose id or page is `address`."""
    posts = policy.visible_posts(viewer).where(or_(Post.uri == address, Post.url == address))
    return posts.where(Post.boost_of_id.is_(None)).with_only_columns(Post.id).limit(1)


def actors(
    viewer: Viewer, query: str, *, instance: Instance, groups: bool | None = None, met: int | None = None
) -> Select[Actor]:
    """People and groups by name or handle: exact handles first, then colleagues, then others.

    `met` is the id of whom `query` turned out to be an address of, before all others.
    """
    statement = policy.visible_actors(viewer)
    if isinstance(viewer, Staff):
        disabled = select(Account.actor_id).where(Account.disabled_at.is_not(None))
        statement = statement.where(Actor.id.not_in(disabled), ~Actor.is_introduced)
    if groups is not None:
        statement = statement.where((Actor.type == ActorType.GROUP) == groups)
    words = query.strip().lstrip("@!").split()[:_WORDS]
    named = and_(*(anywhere(word, Actor.display_name, Actor.username + "@" + Actor.host) for word in words), true())
    statement = statement.where(named if met is None else or_(named, Actor.id == met))
    exact = has_handle(instance, query) if words else Actor.host == ""
    if met is not None:
        exact = or_(exact, Actor.id == met)
    return statement.order_by(
        case((exact, 0), (Actor.host == "", 1), else_=2), func.lower(Actor.display_name), Actor.id
    )


def with_picture() -> ExecutableOption:
    """Loads the picture of each actor along, for lists of people."""
    return joinedload(Actor.avatar)


def tags(viewer: Viewer, query: str) -> Select[str]:
    """Tags that begin like `query` on posts `viewer` may see (R-74), most used first."""
    folded = fold_tag(query.lstrip("#"))
    return (
        select(PostTag.name)
        .join(Post, Post.id == PostTag.post_id)
        .where(PostTag.name.like(pattern(folded)[1:], escape="\\"), policy.sees_post(viewer))
        .group_by(PostTag.name)
        .order_by(func.count().desc(), PostTag.name)
    )
