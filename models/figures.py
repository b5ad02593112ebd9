"""What the company does, in numbers per day, for who administers it: each a statement bounded by the days asked for.

Posts count as far as the reader may see them (R-74). Nothing is told of a single person: how long people stay is said
of five who came at the same time, or of nobody.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from msgspec import Struct, field
from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import policy
from models.base import IDS_A_DAY, id_at
from models.tables import AccessToken, Account, Actor, ActorType, Follow, Like, Media, Post, PostTag, Report, SignIn
from models.text.clean import fold_tag
from models.viewers import Staff

MOST_DAYS = 366
FEWEST_PEOPLE = 5
_MOST_ROWS = 10_000
_ALL, _BEFORE = -1, -2


class Span(NamedTuple):
    """Some days, in UTC, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def before(self) -> "Span":
        """As many days, right before."""
        return Span(self.first - (self.last - self.first) - timedelta(days=1), self.first - timedelta(days=1))

    @property
    def borders(self) -> tuple[datetime, datetime]:
        """Where it begins, and where it is over."""
        return _midnight(self.first), _midnight(self.last + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class Measure(Struct):
    """A number for some days: in all, in as many days before, and for each of them."""

    total: int = 0
    before: int = 0
    by_day: dict[date, int] = field(default_factory=dict)


_Counted = Select[int, Any]
"""What is counted: an id, by which it has its day, and what counts once."""


async def measure(session: AsyncSession, viewer: Staff, name: str, span: Span, *, subject: str = "") -> Measure | None:
    """One of `MEASURES`, of the tag or server `subject` where it is about one; None for a name that is none.

    Raises NotAllowed for who does not administer.
    """
    policy.must_administer(viewer)
    if name == "resolved_reports":
        return await _resolved(session, viewer, span)
    if name not in MEASURES:
        return None
    low, border, high = (id_at(moment) for moment in (span.before.borders[0], *span.borders))
    counted = MEASURES[name](viewer, subject).cte("counted")
    number, what = counted.columns
    of_days = (number >= border) & (number < high)
    day = number // IDS_A_DAY
    many = func.count(what.distinct())
    found = Measure(by_day=dict.fromkeys(span.days, 0))
    statement = union_all(
        select(day, many).where(of_days).group_by(day),
        select(literal(_ALL), many).where(of_days),
        select(literal(_BEFORE), many).where(number >= low, number < border),
    )
    for which, count in await session.execute(statement):
        if which == _ALL:
            found.total = count
        elif which == _BEFORE:
            found.before = count
        else:
            found.by_day[date(1970, 1, 1) + timedelta(days=which)] = count
    return found


async def _resolved(session: AsyncSession, viewer: Staff, span: Span) -> Measure:
    low, border, high = span.before.borders[0], *span.borders
    done = policy.visible_reports(viewer).where(Report.dealt_with_at >= low, Report.dealt_with_at < high)
    found = Measure(by_day=dict.fromkeys(span.days, 0))
    for moment in await session.scalars(done.with_only_columns(Report.dealt_with_at).limit(_MOST_ROWS)):
        if moment is not None and moment >= border:
            found.total += 1
            found.by_day[moment.date()] += 1
        else:
            found.before += 1
    return found


def _acts(viewer: Staff, _subject: str) -> Any:
    """Who wrote something, or said thanks: being here and only reading is noted of nobody."""
    wrote = select(Post.id, Post.author_id).where(Post.is_local, policy.sees_post(viewer))
    return union_all(wrote, _thanks(viewer, Like.actor_id).where(Actor.host == ""))


def _thanks(viewer: Staff, what: Any) -> Select[int, Any]:
    return (
        select(Like.id, what)
        .join(Post, Post.id == Like.post_id)
        .join(Actor, Actor.id == Like.actor_id)
        .where(policy.sees_post(viewer))
    )


def _interactions(viewer: Staff, _subject: str) -> Any:
    """Answers, boosts and thanks."""
    answered = Post.reply_to_id.is_not(None) | Post.boost_of_id.is_not(None)
    return union_all(
        select(Post.id, Post.id).where(answered, policy.sees_post(viewer)),
        _thanks(viewer, Like.id),
    )


def _hired(_viewer: Staff, _subject: str) -> _Counted:
    return select(Account.id, Account.id.label("what"))


def _reported(viewer: Staff, _subject: str) -> _Counted:
    return policy.visible_reports(viewer).with_only_columns(Report.id, Report.id.label("what"))


def _tagged(viewer: Staff, tag: str, what: Any) -> _Counted:
    return (
        select(Post.id, what.label("what"))
        .join(PostTag, PostTag.post_id == Post.id)
        .join(Actor, Actor.id == Post.author_id)
        .where(PostTag.name == fold_tag(tag.lstrip("#")), policy.sees_post(viewer))
    )


def _people_at(viewer: Staff, host: str) -> _Counted:
    return _known(viewer, host).with_only_columns(Actor.id, Actor.id.label("what"))


def _known(viewer: Staff, host: str) -> Select[Actor]:
    return policy.visible_actors(viewer).where(Actor.host == host.lower(), Actor.type != ActorType.GROUP)


def _posts_at(viewer: Staff, host: str) -> _Counted:
    return (
        select(Post.id, Post.id.label("what"))
        .join(Actor, Actor.id == Post.author_id)
        .where(Actor.host == host.lower(), policy.sees_post(viewer))
    )


def _reports_at(viewer: Staff, host: str) -> _Counted:
    there = select(Actor.id).where(Actor.host == host.lower())
    return _reported(viewer, "").where(Report.about_id.in_(there))


def _follows_at(host: str, *, of_ours: bool) -> _Counted:
    follower, followee = aliased(Actor), aliased(Actor)
    there, here = (followee, follower) if of_ours else (follower, followee)
    return (
        select(Follow.id, Follow.id.label("what"))
        .join(follower, follower.id == Follow.follower_id)
        .join(followee, followee.id == Follow.followee_id)
        .where(there.host == host.lower(), here.host == "", Follow.accepted_at.is_not(None))
    )


MEASURES: dict[str, Callable[[Staff, str], Any]] = {
    "active_users": _acts,
    "new_users": _hired,
    "interactions": _interactions,
    "opened_reports": _reported,
    "tag_accounts": lambda viewer, tag: _tagged(viewer, tag, Post.author_id),
    "tag_uses": lambda viewer, tag: _tagged(viewer, tag, Post.id),
    "tag_servers": lambda viewer, tag: _tagged(viewer, tag, Actor.host),
    "instance_accounts": _people_at,
    "instance_statuses": _posts_at,
    "instance_reports": _reports_at,
    "instance_follows": lambda _viewer, host: _follows_at(host, of_ours=True),
    "instance_followers": lambda _viewer, host: _follows_at(host, of_ours=False),
}


# What something is made of


class Share(NamedTuple):
    """A part of something: of which language, server or person, and how much."""

    name: str
    value: int


async def dimension(
    session: AsyncSession, viewer: Staff, name: str, span: Span, *, subject: str = "", limit: int = 10
) -> Sequence[Share] | None:
    """The largest parts of one of `DIMENSIONS`; None for a name that is none. Raises NotAllowed."""
    policy.must_administer(viewer)
    if name not in DIMENSIONS:
        return None
    low, high = (id_at(moment) for moment in span.borders)
    key, statement, number = DIMENSIONS[name](viewer, subject)
    many: ColumnElement[int] = func.coalesce(func.sum(Media.size), 0) if name == "space_usage" else func.count()
    if number is not None:
        statement = statement.where(number >= low, number < high)
    rows = await session.execute(
        statement.with_only_columns(key, many).group_by(key).order_by(many.desc(), key).limit(limit)
    )
    return [Share(str(each or ""), int(count)) for each, count in rows]


_Parted = tuple[Any, Any, Any]
"""By what something is parted, what it is, and the id that tells its day, where days matter."""


def _languages(_viewer: Staff, _subject: str) -> _Parted:
    return Account.locale, select(Account).where(Account.disabled_at.is_(None)), None


def _servers(viewer: Staff, _subject: str) -> _Parted:
    of_others = select(Post).join(Actor, Actor.id == Post.author_id).where(policy.sees_post(viewer))
    return Actor.host, of_others, Post.id


def _space(_viewer: Staff, _subject: str) -> _Parted:
    kept = select(Media).where(Media.file.is_not(None), Media.deleted_at.is_(None))
    return case((Media.remote_url.is_(None), "media"), else_="copies"), kept, None


def _tag_servers(viewer: Staff, tag: str) -> _Parted:
    return Actor.host, _tagged(viewer, tag, Post.id), Post.id


def _tag_languages(viewer: Staff, tag: str) -> _Parted:
    return Post.language, _tagged(viewer, tag, Post.id), Post.id


def _writers_at(viewer: Staff, host: str) -> _Parted:
    return Actor.username, _posts_at(viewer, host), Post.id


def _languages_at(viewer: Staff, host: str) -> _Parted:
    return Post.language, _posts_at(viewer, host), Post.id


DIMENSIONS: dict[str, Callable[[Staff, str], _Parted]] = {
    "languages": _languages,
    "servers": _servers,
    "space_usage": _space,
    "tag_servers": _tag_servers,
    "tag_languages": _tag_languages,
    "instance_accounts": _writers_at,
    "instance_languages": _languages_at,
}


# Who stays


class Cohort(NamedTuple):
    """Those who came in one period, and how many of them were still here in it and in each one after."""

    period: date
    size: int
    stayed: list[tuple[date, int]]


async def retention(session: AsyncSession, viewer: Staff, span: Span, *, monthly: bool) -> list[Cohort]:
    """Who came in the days of `span` and was here later, by day or by month. Raises NotAllowed.

    Of fewer than five who came together nothing is said: it would tell when one of them was here last.
    """
    policy.must_administer(viewer)
    low, high = span.borders
    browser = select(func.max(SignIn.used_at)).where(SignIn.account_id == Account.id).scalar_subquery()
    application = select(func.max(AccessToken.used_at)).where(AccessToken.account_id == Account.id).scalar_subquery()
    rows = await session.execute(
        select(Account.created_at, browser, application)
        .where(Account.created_at >= low, Account.created_at < high)
        .limit(_MOST_ROWS)
    )
    came: dict[date, list[date | None]] = {}
    for created, *uses in rows:
        last = max((use.date() for use in uses if use is not None), default=None)
        came.setdefault(_period(created.date(), monthly=monthly), []).append(last)
    periods = list(dict.fromkeys(_period(day, monthly=monthly) for day in span.days))
    return [
        Cohort(
            period,
            len(came[period]),
            [
                (later, sum(last is not None and last >= later for last in came[period]))
                for later in periods
                if later >= period
            ],
        )
        for period in periods
        if len(came.get(period, ())) >= FEWEST_PEOPLE
    ]


def _period(day: date, *, monthly: bool) -> date:
    return day.replace(day=1) if monthly else day
