"""Everything a page of statuses or accounts needs, put together in a fixed number of statements.

What a post or profile says is kept as bytes by its version, once for the house and once for outside; the day is part
of the key, because links to files end. Counts and marks are asked for each viewer; the numbers beside names inside a
status may be half a minute old.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import polls, quotes, tallies
from models.posts import outlines as posts
from models.posts.outlines import Content, Outline, Version
from models.tables import Actor, ActorType, Group
from models.tallies import COLLEAGUE
from models.viewers import ANONYMOUS, Staff, Viewer
from server import budgets, link_cards, media
from server.api.entities import accounts, statuses
from server.api.entities.cards import spliced as spliced_card
from server.api.entities.filtered import EMPTY, Filtering
from server.api.entities.kept import Kept
from server.api.entities.polls import spliced as spliced_poll
from server.api.entities.quotes import quote, shallow, spliced_approval
from server.api.entities.statuses import KeptStatus

_NUMBERS_FOR = 30.0
_DAY = 86_400

AccountVersion = tuple[int, int]
Reading = Callable[[], AbstractAsyncContextManager[AsyncSession]]


class Shelf:
    """What was encoded already, for one application."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._statuses: Kept[tuple[Version, bool, int], KeptStatus] = Kept(
            budgets.STATUSES, size=lambda kept: len(kept.head)
        )
        self._accounts: Kept[tuple[AccountVersion, bool, int], bytes] = Kept(budgets.ACCOUNTS, size=len)
        self._numbers: Kept[tuple[int, bool], tuple[float, bytes]] = Kept(
            budgets.NUMBERS, size=lambda numbers: len(numbers[1])
        )
        self._filtering = Filtering()

    async def statuses(self, session: AsyncSession, viewer: Viewer, lines: Sequence[Outline]) -> list[bytes]:
        """The posts of `lines` as JSON, in that order; that `viewer` may see them was asked when they were found."""
        return await self._made(session, viewer, lines, is_quoted=False)

    async def fresh(self, reading: Reading, viewer: Staff, content: Content) -> bytes:
        """A post that `viewer` wrote a moment ago, as JSON: nothing hangs on it yet. Mostly there is nothing to ask."""
        kept = self._keep(content, content.version, outside=False)
        made = self._at_once(viewer, content, kept)
        if made is not None:
            return made
        line = Outline(content.post.id, content.version, None)
        async with reading() as session:
            return (await self._made(session, viewer, [line], is_quoted=False, marks=posts.Marks()))[0]

    def _at_once(self, viewer: Staff, content: Content, kept: KeptStatus) -> bytes | None:
        """The same from what is known here, if that is all it takes."""
        if viewer.filter_version or kept.poll_id is not None or kept.quotes or kept.link is not None:
            return None
        head = self._accounts.get(((content.post.author_id, content.author_version), False, _today()))
        numbers = self._numbers.get((content.post.author_id, False))
        if head is None or numbers is None or numbers[0] <= time.monotonic():
            return None
        parts = statuses.Parts(
            account=head + numbers[1],
            own=True,
            approval=spliced_approval(kept.approval, viewer_id=viewer.actor_id, relation=(False, False)),
        )
        return statuses.spliced(kept, parts, posts.Marks(), content.post.id)

    async def _made(
        self,
        session: AsyncSession,
        viewer: Viewer,
        lines: Sequence[Outline],
        *,
        is_quoted: bool,
        marks: posts.Marks | None = None,
    ) -> list[bytes]:
        if not lines:
            return []
        outside = not isinstance(viewer, Staff)
        versions = {version for line in lines for version in (line.post, line.boosted) if version is not None}
        kept = await self._kept_statuses(session, versions, outside=outside)
        people = await self.people(session, viewer, {(v.author_id, v.author_version) for v in versions})
        shown = {line.shown.id: line.shown for line in lines}
        marks = marks if marks is not None else await posts.marks(session, viewer, shown)
        asked = [poll_id for version in shown.values() if (poll_id := kept[version].poll_id) is not None]
        standing = await polls.standings(session, viewer, asked)
        filtered = EMPTY
        if isinstance(viewer, Staff) and viewer.filter_version:
            said = {version: kept[version] for version in shown.values()}
            filtered = await self._filtering.found(session, viewer, said, standing)
        quoting = [post_id for post_id, version in shown.items() if kept[version].quotes]
        quoted = await self._quotes(session, viewer, quoting, is_shallow=is_quoted) if quoting else {}
        links = {post_id: link for post_id, version in shown.items() if (link := kept[version].link) is not None}
        cards = await link_cards.shown(self._app, session, viewer, links) if links else {}
        me = viewer.actor_id if isinstance(viewer, Staff) else None
        allowed = await self._approvals(session, me, {post_id: kept[version] for post_id, version in shown.items()})
        bodies = {
            post_id: statuses.spliced(
                kept[version],
                statuses.Parts(
                    account=people[version.author_id],
                    own=version.author_id == me,
                    approval=allowed[post_id],
                    poll=spliced_poll(self._app, standing.get(kept[version].poll_id or 0)),
                    quote=quoted.get(post_id, b"null"),
                    card=spliced_card(self._app, cards.get(post_id)),
                    filtered=filtered.of(post_id),
                ),
                marks,
                post_id,
            )
            for post_id, version in shown.items()
        }
        made: list[bytes] = []
        for line in lines:
            post_id = line.shown.id
            body = bodies[post_id]
            if line.boosted is not None:
                by = people[line.post.author_id]
                of = (post_id, kept[line.boosted].thread_id)
                marked = filtered.of(post_id, line.post.id)
                body = statuses.boosting(
                    kept[line.post], by, body, marks, of, approval=allowed[post_id], filtered=marked
                )
            made.append(body)
        return made

    async def _approvals(
        self, session: AsyncSession, viewer_id: int | None, kept: Mapping[int, KeptStatus]
    ) -> dict[int, bytes]:
        """Who may quote some posts, and whether `viewer_id` may."""
        wary = {each.approval.author_id for each in kept.values() if each.approval.needs_relations}
        related = await quotes.relations_of(session, viewer_id, wary) if viewer_id is not None else {}
        return {
            post_id: spliced_approval(
                each.approval, viewer_id=viewer_id, relation=related.get(each.approval.author_id, (False, False))
            )
            for post_id, each in kept.items()
        }

    async def _quotes(
        self, session: AsyncSession, viewer: Viewer, post_ids: Sequence[int], *, is_shallow: bool
    ) -> dict[int, bytes]:
        """What some posts quote: whole where they stand by themselves, by its id where they are quoted themselves."""
        found = await quotes.of_posts(session, viewer, post_ids)
        if is_shallow:
            return {post_id: shallow(each) for post_id, each in found.items()}
        wanted = [each.target_id for each in found.values() if each.target_id is not None]
        lines = list((await posts.outlines_of(session, viewer, wanted)).values())
        inner = await self._made(session, viewer, lines, is_quoted=True)
        bodies = {line.post.id: body for line, body in zip(lines, inner, strict=True)}
        return {post_id: quote(each, bodies.get(each.target_id or 0)) for post_id, each in found.items()}

    async def _kept_statuses(
        self, session: AsyncSession, versions: Iterable[Version], *, outside: bool
    ) -> dict[Version, KeptStatus]:
        found: dict[Version, KeptStatus] = {}
        missing: dict[int, Version] = {}
        for version in versions:
            kept = self._statuses.get((version, outside, _today()))
            if kept is None or (kept.elsewhere and kept.unfit != media.unfit(self._app, kept.elsewhere)):
                missing[version.id] = version
            else:
                found[version] = kept
        if missing:
            for content in await posts.contents(session, missing, outside=outside):
                version = missing[content.post.id]
                found[version] = self._keep(content, version, outside=outside)
        return found

    def _keep(self, content: Content, version: Version, *, outside: bool) -> KeptStatus:
        kept = statuses.keep(self._app, content, outside=outside)
        # it may have been edited since its version was read, or what it answers deleted
        if (content.post.revision, content.answers) == (version.revision, version.answers):
            self._statuses.put((version, outside, _today()), kept)
        return kept

    async def accounts(self, session: AsyncSession, viewer: Viewer, versions: Sequence[AccountVersion]) -> list[bytes]:
        """Actors as JSON, given by id and version, in that order, with what `viewer` may count of them now."""
        outside = not isinstance(viewer, Staff)
        heads = await self._heads(session, set(versions), outside=outside)
        counted = await tallies.of_actors(session, viewer, [actor_id for actor_id, _ in versions])
        return [heads[actor_id] + accounts.numbers(counted[actor_id]) for actor_id, _ in versions if actor_id in heads]

    async def account(self, session: AsyncSession, viewer: Viewer, actor: Actor) -> bytes:
        return (await self.accounts(session, viewer, [(actor.id, actor.version)]))[0]

    async def people(
        self, session: AsyncSession, viewer: Viewer, versions: Iterable[AccountVersion]
    ) -> dict[int, bytes]:
        """Accounts inside other things, by id, with numbers that everybody in the house (or outside) may know."""
        outside = not isinstance(viewer, Staff)
        heads = await self._heads(session, set(versions), outside=outside)
        now = time.monotonic()
        numbers: dict[int, bytes] = {}
        missing = []
        for actor_id in heads:
            known = self._numbers.get((actor_id, outside))
            if known is not None and known[0] > now:
                numbers[actor_id] = known[1]
            else:
                missing.append(actor_id)
        if missing:
            fresh = await tallies.of_actors(session, ANONYMOUS if outside else COLLEAGUE, missing)
            for actor_id, tally in fresh.items():
                numbers[actor_id] = accounts.numbers(tally)
                self._numbers.put((actor_id, outside), (now + _NUMBERS_FOR, numbers[actor_id]))
        return {actor_id: head + numbers[actor_id] for actor_id, head in heads.items()}

    async def _heads(self, session: AsyncSession, versions: set[AccountVersion], *, outside: bool) -> dict[int, bytes]:
        today = _today()
        heads: dict[int, bytes] = {}
        missing = []
        for version in versions:
            kept = self._accounts.get((version, outside, today))
            if kept is None:
                missing.append(version[0])
            else:
                heads[version[0]] = kept
        if missing:
            actors = (
                await session.scalars(
                    select(Actor)
                    .where(Actor.id.in_(missing))
                    .options(joinedload(Actor.avatar), joinedload(Actor.header))
                    .execution_options(populate_existing=True)
                )
            ).all()
            groups = await self._groups(session, actors)
            for actor in actors:
                group = groups.get(actor.id)
                head = accounts.opened(accounts.account(self._app, actor, None if outside else group))
                heads[actor.id] = head
                self._accounts.put(((actor.id, actor.version), outside, today), head)
        return heads

    async def _groups(self, session: AsyncSession, actors: Sequence[Actor]) -> dict[int, Group]:
        ids = [actor.id for actor in actors if actor.type is ActorType.GROUP]
        return {group.id: group for group in await session.scalars(select(Group).where(Group.id.in_(ids)))}


def _today() -> int:
    return int(time.time()) // _DAY


SHELF = web.AppKey("shelf", Shelf)
