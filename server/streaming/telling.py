"""What some entries of the journal say to all who listen: asked once, for everybody together.

Which posts belong to a stream of whom is one statement for each stream and role, not for each listener. A post is
then rendered once for all to whom it looks the same, and encoded once for all who hear it on the same stream.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from aiohttp import web
from msgspec import Struct, field
from sqlalchemy.ext.asyncio import AsyncSession

from models import accounts, journal, policy
from models.journal import Entry
from models.posts import audiences, outlines
from models.viewers import Staff
from server.api import conversations, notifications
from server.api.entities.shelf import SHELF
from server.context import DATABASE
from server.streaming import sayings
from server.streaming.connections import Connection, Event
from server.streaming.streams import Stream

_HOME = Stream("user")
_DIRECT = Stream("direct")
_NOTIFIED = (_HOME, Stream("user:notification"))
_OF_POSTS = frozenset({"update", "status.update", "delete", "conversation"})
_OF_NOTIFICATIONS = frozenset({"notification", "notifications_merged"})

Wanted = dict[Stream, dict[int, Staff]]
"""Who listens to each stream, by account."""
Heard = defaultdict[int, list[Event]]
"""What each account is told."""


class News(Struct):
    """What some entries of the journal say, sorted by what clients are told of it."""

    written: list[int] = field(default_factory=list)
    edited: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    notified: dict[int, list[int]] = field(default_factory=dict)
    others: list[Entry] = field(default_factory=list)
    sorting: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "News":
        news = cls()
        for entry in entries:
            if isinstance(entry, journal.FiltersChanged | journal.HomeSorted):
                news.sorting.add(entry.account_id)
            match entry:
                case journal.PostWritten(post_id):
                    news.written.append(post_id)
                case journal.PostEdited(post_id):
                    news.edited.append(post_id)
                case journal.PostDeleted(post_id):
                    news.deleted.append(post_id)
                case journal.Moderated("remove", post_id=int(post_id), is_undone=is_back):
                    (news.written if is_back else news.deleted).append(post_id)
                case journal.Notified(notification_id, account_id):
                    news.notified.setdefault(account_id, []).append(notification_id)
                case _ if sayings.are_told(entry):
                    news.others.append(entry)
        return news

    def __bool__(self) -> bool:
        return bool(self.written or self.edited or self.deleted or self.notified or self.others or self.sorting)


async def tell(app: web.Application, connections: Sequence[Connection], news: News) -> None:
    """Tell `connections` what of `news` is for them."""
    wanted: Wanted = {}
    heard: Heard = defaultdict(list)
    async with app[DATABASE].reading() as session:
        await _meet_again(session, connections, news)
        for connection in connections:
            if connection.ending is None:
                for stream in connection.streams:
                    wanted.setdefault(stream, {})[connection.viewer.account_id] = connection.viewer
        await _posts(app, session, wanted, news, heard)
        await _conversations(app, session, wanted, news, heard)
        await _deletions(session, wanted, news, heard)
        await _notifications(app, session, wanted, news, heard)
        await _sayings(app, session, wanted, news, heard)
    for connection in connections:
        for event in heard.get(connection.viewer.account_id, ()):
            if event.stream in connection.streams and _reaches(connection, event):
                connection.tell(event)


async def _meet_again(session: AsyncSession, connections: Sequence[Connection], news: News) -> None:
    """Whoever sorted something for themselves sees it otherwise from now on."""
    for connection in connections if news.sorting else ():
        if connection.viewer.account_id in news.sorting:
            connection.viewer = await accounts.as_of_now(session, connection.viewer) or connection.viewer


async def _posts(app: web.Application, session: AsyncSession, wanted: Wanted, news: News, heard: Heard) -> None:
    ids = {*news.written, *news.edited}
    belongs = await _belongs(session, wanted, ids) if ids else {}
    readers: dict[int, set[int]] = {}
    people: dict[int, Staff] = {}
    for stream, found in belongs.items():
        for account_id, own in found.items():
            readers.setdefault(account_id, set()).update(own)
            people[account_id] = wanted[stream][account_id]
    if not readers:
        return
    lines = await outlines.lines_of(session, set().union(*readers.values()))
    told = [
        (name, post_id)
        for name, posts in (("update", news.written), ("status.update", news.edited))
        for post_id in dict.fromkeys(posts)
        if post_id in lines
    ]
    for some in await audiences.alike(session, list(people.values()), lines):
        bodies = await _bodies(app, session, some, lines, readers)
        events: dict[tuple[str, int, Stream], Event] = {}
        for viewer in some:
            for name, post_id in told:
                for stream, found in belongs.items():
                    if post_id in found.get(viewer.account_id, ()):
                        key = (name, post_id, stream)
                        if key not in events:
                            events[key] = Event(stream, name, bodies[post_id])
                        heard[viewer.account_id].append(events[key])


async def _belongs(session: AsyncSession, wanted: Wanted, ids: set[int]) -> dict[Stream, dict[int, set[int]]]:
    """The posts on each stream, by account."""
    streams = [stream for stream in wanted if stream.tells_posts]
    if any(stream.argument for stream in streams):
        facts = await audiences.facts_of(session, ids)
        streams = [stream for stream in streams if stream.concerns(facts)]
    return {stream: await stream.readers(session, wanted[stream].values(), ids) for stream in streams}


async def _bodies(
    app: web.Application,
    session: AsyncSession,
    some: Sequence[Staff],
    lines: Mapping[int, outlines.Outline],
    readers: Mapping[int, set[int]],
) -> dict[int, bytes]:
    """What one of those to whom the posts look the same gets of them."""
    wanted = set().union(*(readers[viewer.account_id] for viewer in some))
    shown = {post_id: line for post_id, line in lines.items() if post_id in wanted}
    made = await app[SHELF].statuses(session, some[0], list(shown.values()))
    return dict(zip(shown, made, strict=True))


async def _conversations(app: web.Application, session: AsyncSession, wanted: Wanted, news: News, heard: Heard) -> None:
    people = wanted.get(_DIRECT)
    if not people or not news.written:
        return
    for account_id, messages in (await _DIRECT.readers(session, people.values(), news.written)).items():
        lines = await outlines.outlines_of(session, people[account_id], messages)
        bodies = await conversations.bodies(app, session, people[account_id], list(lines.values()))
        heard[account_id] += [Event(_DIRECT, "conversation", body) for body in bodies]


async def _deletions(session: AsyncSession, wanted: Wanted, news: News, heard: Heard) -> None:
    streams = [stream for stream in wanted if stream.tells_posts]
    people = {account_id: viewer for stream in streams for account_id, viewer in wanted[stream].items()}
    if not news.deleted or not people:
        return
    knew = await audiences.readers_among(session, people.values(), policy.knew_posts, news.deleted)
    for stream in streams:
        events = {post_id: Event(stream, "delete", b"%d" % post_id) for post_id in news.deleted}
        for account_id in wanted[stream]:
            heard[account_id] += [events[post_id] for post_id in knew.get(account_id, ())]


async def _notifications(app: web.Application, session: AsyncSession, wanted: Wanted, news: News, heard: Heard) -> None:
    for account_id, ids in news.notified.items():
        streams = [stream for stream in _NOTIFIED if account_id in wanted.get(stream, ())]
        if streams:
            viewer = wanted[streams[0]][account_id]
            told = await notifications.told_of(session, viewer, ids)
            bodies = await notifications.rendered(app, session, viewer, told[::-1])
            heard[account_id] += [Event(stream, "notification", body) for body in bodies for stream in streams]


async def _sayings(app: web.Application, session: AsyncSession, wanted: Wanted, news: News, heard: Heard) -> None:
    people = wanted.get(_HOME)
    if not people or not news.others:
        return
    for saying in await sayings.said(app, session, news.others):
        event = Event(_HOME, saying.name, saying.payload)
        for account_id in people if saying.account_id is None else people.keys() & {saying.account_id}:
            heard[account_id].append(event)


def _reaches(connection: Connection, event: Event) -> bool:
    """Whether the token behind a connection reaches as far as an event (CVE-2025-62176)."""
    if event.name in _OF_NOTIFICATIONS:
        return connection.scopes.cover("read:notifications")
    if event.name not in _OF_POSTS:
        return True
    if event.stream.kind == "list" and connection.scopes.cover("read:lists"):
        return True
    return connection.scopes.cover("read:statuses")
