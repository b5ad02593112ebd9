"""Lists of one's own: people and groups that somebody reads together. Those of others do not exist (R-71)."""

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy, sorting
from models.base import new_id
from models.errors import Invalid, NotFound
from models.tables import Account, Actor, ListMember, OwnList, RepliesPolicy
from models.text.clean import clean_line
from models.viewers import Staff

_TITLE = 200
_LISTS = 50
_MEMBERS = 1000


class TitleMissing(Invalid):
    """Validation failed: Title can't be blank"""

    code = "title_missing"


class UnknownRepliesPolicy(Invalid):
    """Validation failed: Replies policy is not included in the list"""

    code = "unknown_replies_policy"


class TooManyLists(Invalid):
    """You have as many lists as there is room for: delete one first."""

    code = "too_many_lists"


class ListFull(Invalid):
    """This list is full: take somebody out of it first."""

    code = "list_full"


class AlreadyListed(Invalid):
    """Validation failed: Account has already been taken"""

    code = "already_listed"


class NotFollowed(NotFound):
    """Only those whom you follow can be in your lists: colleagues, groups you belong to, and people you follow."""

    code = "not_followed"


class Wish(Struct, frozen=True, kw_only=True):
    """What is wanted of a list; None leaves it as it is."""

    title: str | None = None
    replies_policy: str | None = None
    is_exclusive: bool | None = None


def listed(by: Staff) -> Select[OwnList]:
    """One's own lists by title."""
    return select(OwnList).where(OwnList.account_id == by.account_id).order_by(func.lower(OwnList.title), OwnList.id)


async def find(session: AsyncSession, list_id: int, *, by: Staff) -> OwnList | None:
    return await session.scalar(listed(by).where(OwnList.id == list_id))


async def one(session: AsyncSession, list_id: int, *, by: Staff) -> OwnList:
    """One's own list with that id. Raises NotFound."""
    found = await find(session, list_id, by=by)
    if found is None:
        raise NotFound(list_id=list_id)
    return found


def holding(by: Staff, actor_id: int) -> Select[OwnList]:
    """One's own lists in which somebody is."""
    return listed(by).where(OwnList.id.in_(select(ListMember.list_id).where(ListMember.actor_id == actor_id)))


async def create(session: AsyncSession, wish: Wish, *, by: Staff) -> OwnList:
    """A new list with nobody in it. Raises TitleMissing, UnknownRepliesPolicy, TooManyLists."""
    count = await session.scalar(select(func.count()).where(OwnList.account_id == by.account_id)) or 0
    if count >= _LISTS:
        raise TooManyLists
    made = OwnList(
        id=new_id(), account_id=by.account_id, title="", replies_policy=RepliesPolicy.LIST, is_exclusive=False
    )
    _set(made, wish)
    if not made.title:
        raise TitleMissing(field="title")
    session.add(made)
    await session.flush()
    return made


async def change(session: AsyncSession, list_id: int, wish: Wish, *, by: Staff) -> OwnList:
    """Change a list. Raises NotFound, TitleMissing, UnknownRepliesPolicy."""
    found = await one(session, list_id, by=by)
    was_exclusive = found.is_exclusive
    _set(found, wish)
    if found.is_exclusive != was_exclusive:
        await sorting.note(session, by=by)
    await session.flush()
    return found


def _set(row: OwnList, wish: Wish) -> None:
    if wish.title is not None:
        row.title = clean_line(wish.title, limit=_TITLE)
        if not row.title:
            raise TitleMissing(field="title")
    if wish.replies_policy is not None:
        if wish.replies_policy not in list(RepliesPolicy):
            raise UnknownRepliesPolicy(field="replies_policy")
        row.replies_policy = RepliesPolicy(wish.replies_policy)
    if wish.is_exclusive is not None:
        row.is_exclusive = wish.is_exclusive


async def remove(session: AsyncSession, list_id: int, *, by: Staff) -> None:
    """Delete a list. Raises NotFound."""
    await session.delete(await one(session, list_id, by=by))
    await sorting.note(session, by=by)


# Who is in them


def members(by: Staff, list_id: int) -> Select[ListMember]:
    """Who is in a list of `by`, as far as they exist for `by`; page by `ListMember.id`."""
    known = policy.visible_actors(by).with_only_columns(Actor.id)
    return select(ListMember).where(ListMember.list_id == list_id, ListMember.actor_id.in_(known))


async def add(session: AsyncSession, list_id: int, actor_ids: Iterable[int], *, by: Staff) -> None:
    """Put people and groups into a list, all or nobody.

    Raises:
        NotFound: the list, or one whom `by` may not know of. NotFollowed. AlreadyListed. ListFull.
    """
    found = await one(session, list_id, by=by)
    wanted = list(dict.fromkeys(actor_ids))
    known = policy.visible_actors(by).where(Actor.id.in_(wanted)).with_only_columns(Actor.id)
    if len((await session.scalars(known)).all()) < len(wanted):
        raise NotFound(actor_ids=wanted)
    followed = policy.listable_actors(by).where(Actor.id.in_(wanted)).with_only_columns(Actor.id)
    if len((await session.scalars(followed)).all()) < len(wanted):
        raise NotFollowed(actor_ids=wanted)
    there = set(await session.scalars(select(ListMember.actor_id).where(ListMember.list_id == found.id)))
    if there & set(wanted):
        raise AlreadyListed(field="account_ids")
    if len(there) + len(wanted) > _MEMBERS:
        raise ListFull
    if wanted:
        rows = [{"id": new_id(), "list_id": found.id, "actor_id": actor_id} for actor_id in wanted]
        await session.execute(insert(ListMember), rows)
    if found.is_exclusive:
        await sorting.note(session, by=by)


async def take_out(session: AsyncSession, list_id: int, actor_ids: Iterable[int], *, by: Staff) -> None:
    """Take people and groups out of a list; silent about those who are not in it. Raises NotFound."""
    found = await one(session, list_id, by=by)
    gone = delete(ListMember).where(ListMember.list_id == found.id, ListMember.actor_id.in_(list(actor_ids)))
    await session.execute(gone)
    if found.is_exclusive:
        await sorting.note(session, by=by)


async def forget(session: AsyncSession, actor_id: int, *, of: int) -> None:
    """The actor `of` has nothing to do with somebody any more, who leaves their lists with that."""
    own = select(OwnList.id).join(Account, Account.id == OwnList.account_id).where(Account.actor_id == of)
    await session.execute(delete(ListMember).where(ListMember.actor_id == actor_id, ListMember.list_id.in_(own)))
