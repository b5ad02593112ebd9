"""Making, changing and deleting one's filters. Whatever somebody else has does not exist (R-71)."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from sqlalchemy import Select, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, selectinload

from models import journal, policy
from models.base import new_id, now
from models.errors import Invalid, NotFound
from models.tables import Account, Filter, FilterAction, FilterKeyword, FilterPost
from models.text.clean import clean_line
from models.viewers import Staff

CONTEXTS = ("home", "notifications", "public", "thread", "account")

_TITLE = 200
_KEYWORD = 500
_FILTERS = 200
_KEYWORDS = 500
_POSTS = 500
_LONGEST = timedelta(days=3650)


class TitleMissing(Invalid):
    """Validation failed: Title can't be blank"""

    code = "title_missing"


class ContextMissing(Invalid):
    """Validation failed: Context can't be blank, Context None or invalid context supplied"""

    code = "context_missing"


class UnknownAction(Invalid):
    """Validation failed: Action is not included in the list"""

    code = "unknown_action"


class KeywordMissing(Invalid):
    """Validation failed: Keyword can't be blank"""

    code = "keyword_missing"


class SharedFilter(Invalid):
    """This filter has more words than your application can show: change it in a newer one."""

    code = "shared_filter"


class TooManyFilters(Invalid):
    """You have as many filters as there is room for: delete one first."""

    code = "too_many_filters"


class KeywordWish(Struct, frozen=True, kw_only=True):
    """What is wanted of one keyword: a new one has no `id`; None leaves the rest as it is."""

    id: int | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    is_gone: bool = False


class Wish(Struct, frozen=True, kw_only=True):
    """What is wanted of a filter. None leaves it as it is; `ends` says whether `lasts` is meant: None is for ever."""

    title: str | None = None
    contexts: Sequence[str] | None = None
    action: str | None = None
    ends: bool = False
    lasts: timedelta | None = None
    keywords: Sequence[KeywordWish] = ()


def listed(by: Staff) -> Select[Filter]:
    """One's own filters with all that is in them, oldest first."""
    return (
        select(Filter)
        .where(Filter.account_id == by.account_id)
        .options(selectinload(Filter.keywords), selectinload(Filter.posts))
        .order_by(Filter.id)
        .execution_options(populate_existing=True)
    )


async def one(session: AsyncSession, filter_id: int, *, by: Staff) -> Filter:
    """One's own filter with that id and all that is in it. Raises NotFound."""
    found = await session.scalar(listed(by).where(Filter.id == filter_id))
    if found is None:
        raise NotFound(filter_id=filter_id)
    return found


async def create(session: AsyncSession, wish: Wish, *, by: Staff) -> Filter:
    """A new filter, for ever where nothing else is wished.

    Raises:
        TitleMissing, ContextMissing, UnknownAction. TooManyFilters. NotFound: it names a keyword that is there already.
    """
    count = await session.scalar(select(func.count()).where(Filter.account_id == by.account_id)) or 0
    if count >= _FILTERS:
        raise TooManyFilters
    made = Filter(id=new_id(), account_id=by.account_id, title="", contexts=[], action=FilterAction.WARN)
    _set(made, wish)
    if not made.title:
        raise TitleMissing(field="title")
    if not made.contexts:
        raise ContextMissing(field="context")
    session.add(made)
    await session.flush()
    await _set_keywords(session, made.id, wish.keywords, by=by)
    await _note(session, by=by)
    return await one(session, made.id, by=by)


async def change(session: AsyncSession, filter_id: int, wish: Wish, *, by: Staff) -> Filter:
    """Change a filter and its keywords. Raises NotFound, also for a keyword that is not in it; as `create`."""
    found = await one(session, filter_id, by=by)
    _set(found, wish)
    await session.flush()
    await _set_keywords(session, found.id, wish.keywords, by=by)
    await _note(session, by=by)
    return await one(session, filter_id, by=by)


def _set(row: Filter, wish: Wish) -> None:
    if wish.title is not None:
        row.title = clean_line(wish.title, limit=_TITLE)
        if not row.title:
            raise TitleMissing(field="title")
    if wish.contexts is not None:
        wanted = [name.strip() for name in wish.contexts if name.strip()]
        if not wanted or not set(wanted) <= set(CONTEXTS):
            raise ContextMissing(field="context")
        row.contexts = list(dict.fromkeys(wanted))
    if wish.action is not None:
        if wish.action not in list(FilterAction):
            raise UnknownAction(field="filter_action")
        row.action = FilterAction(wish.action)
    if wish.ends:
        row.expires_at = None if wish.lasts is None else now() + min(wish.lasts, _LONGEST)


async def _set_keywords(session: AsyncSession, filter_id: int, wishes: Sequence[KeywordWish], *, by: Staff) -> None:
    if not wishes:
        return
    found = await session.scalars(select(FilterKeyword).where(FilterKeyword.filter_id == filter_id))
    there = {row.id: row for row in found}
    for wish in wishes:
        if wish.id is None:
            text = _cleaned(wish.keyword or "")
            if text and not wish.is_gone:
                session.add(_keyword(filter_id, text, wish))
        elif wish.id not in there:
            raise NotFound(keyword_id=wish.id)
        elif wish.is_gone:
            await session.delete(there[wish.id])
        else:
            _change(there[wish.id], wish)
    await session.flush()
    await _count_keywords(session, by=by)


def _keyword(filter_id: int, text: str, wish: KeywordWish) -> FilterKeyword:
    whole_word = True if wish.whole_word is None else wish.whole_word
    return FilterKeyword(id=new_id(), filter_id=filter_id, keyword=text, whole_word=whole_word)


def _cleaned(text: str) -> str:
    return clean_line(text, limit=_KEYWORD)


def _change(row: FilterKeyword, wish: KeywordWish) -> None:
    if wish.keyword is not None:
        row.keyword = _cleaned(wish.keyword)
        if not row.keyword:
            raise KeywordMissing(field="keyword")
    if wish.whole_word is not None:
        row.whole_word = wish.whole_word


async def _count_keywords(session: AsyncSession, *, by: Staff) -> None:
    count = select(func.count(FilterKeyword.id)).join(Filter).where(Filter.account_id == by.account_id)
    if (await session.scalar(count) or 0) > _KEYWORDS:
        raise TooManyFilters


async def delete(session: AsyncSession, filter_id: int, *, by: Staff) -> None:
    """Delete a filter with all that is in it. Raises NotFound."""
    await session.delete(await one(session, filter_id, by=by))
    await _note(session, by=by)


async def _note(session: AsyncSession, *, by: Staff) -> None:
    """Say that the filters of `by` are others now."""
    await session.flush()
    keywords = exists().where(FilterKeyword.filter_id == Filter.id)
    posts = exists().where(FilterPost.filter_id == Filter.id)
    in_use = select(Filter.id).where(Filter.account_id == by.account_id, or_(keywords, posts))
    version = new_id() if await session.scalar(in_use.limit(1)) is not None else 0
    await session.execute(update(Account).where(Account.id == by.account_id).values(filter_version=version))
    journal.record(session, journal.FiltersChanged(by.account_id))


# One keyword


def keywords(by: Staff) -> Select[FilterKeyword]:
    """The keywords in all of one's filters, each with its filter, oldest first."""
    return (
        select(FilterKeyword)
        .join(FilterKeyword.filter)
        .where(Filter.account_id == by.account_id)
        .options(contains_eager(FilterKeyword.filter))
        .order_by(FilterKeyword.id)
    )


async def keyword(session: AsyncSession, keyword_id: int, *, by: Staff) -> FilterKeyword:
    """A keyword in one of one's own filters. Raises NotFound."""
    found = await session.scalar(keywords(by).where(FilterKeyword.id == keyword_id))
    if found is None:
        raise NotFound(keyword_id=keyword_id)
    return found


async def add_keyword(session: AsyncSession, filter_id: int, wish: KeywordWish, *, by: Staff) -> FilterKeyword:
    """Put a keyword into a filter. Raises NotFound, KeywordMissing, TooManyFilters."""
    found = await one(session, filter_id, by=by)
    text = _cleaned(wish.keyword or "")
    if not text:
        raise KeywordMissing(field="keyword")
    made = _keyword(found.id, text, wish)
    session.add(made)
    await session.flush()
    await _count_keywords(session, by=by)
    await _note(session, by=by)
    return made


async def change_keyword(session: AsyncSession, keyword_id: int, wish: KeywordWish, *, by: Staff) -> FilterKeyword:
    """Change a keyword. Raises NotFound, KeywordMissing."""
    found = await keyword(session, keyword_id, by=by)
    _change(found, wish)
    await _note(session, by=by)
    return found


async def change_alone(
    session: AsyncSession, keyword_id: int, alone: KeywordWish, wish: Wish, *, by: Staff
) -> FilterKeyword:
    """Change a keyword together with its filter, for clients that know filters of one keyword only.

    Raises:
        NotFound, KeywordMissing, ContextMissing. SharedFilter: the filter has more keywords, and would change for all.
    """
    found = await keyword(session, keyword_id, by=by)
    _change(found, alone)
    count = select(func.count()).where(FilterKeyword.filter_id == found.filter_id)
    is_shared = (await session.scalar(count) or 0) > 1
    _set(found.filter, wish)
    if is_shared and session.is_modified(found.filter):
        raise SharedFilter
    if not is_shared and alone.keyword is not None:
        found.filter.title = clean_line(found.keyword[:_TITLE], limit=_TITLE)
    await _note(session, by=by)
    return found


async def delete_alone(session: AsyncSession, keyword_id: int, *, by: Staff) -> None:
    """Take a keyword out of its filter, and delete the filter with its last one. Raises NotFound."""
    found = await keyword(session, keyword_id, by=by)
    owner = await one(session, found.filter_id, by=by)
    await session.delete(owner if len(owner.keywords) == 1 and not owner.posts else found)
    await _note(session, by=by)


async def delete_keyword(session: AsyncSession, keyword_id: int, *, by: Staff) -> None:
    """Take a keyword out of its filter. Raises NotFound."""
    await session.delete(await keyword(session, keyword_id, by=by))
    await _note(session, by=by)


# One post


async def post(session: AsyncSession, entry_id: int, *, by: Staff) -> FilterPost:
    """An entry for a post in one of one's own filters. Raises NotFound."""
    own = select(FilterPost).join(FilterPost.filter).where(Filter.account_id == by.account_id)
    found = await session.scalar(own.where(FilterPost.id == entry_id))
    if found is None:
        raise NotFound(entry_id=entry_id)
    return found


async def add_post(session: AsyncSession, filter_id: int, post_id: int, *, by: Staff) -> FilterPost:
    """Put a post into a filter; a second time changes nothing. Raises NotFound, also when `by` may not see the post."""
    found = await one(session, filter_id, by=by)
    if not await policy.may_see(session, by, post_id):
        raise NotFound(post_id=post_id)
    for entry in found.posts:
        if entry.post_id == post_id:
            return entry
    if len(found.posts) >= _POSTS:
        raise TooManyFilters
    made = FilterPost(id=new_id(), filter_id=found.id, post_id=post_id)
    session.add(made)
    await _note(session, by=by)
    return made


async def delete_post(session: AsyncSession, entry_id: int, *, by: Staff) -> None:
    """Take a post out of a filter. Raises NotFound."""
    await session.delete(await post(session, entry_id, by=by))
    await _note(session, by=by)
