"""Whom a post concerns outside, computed from stored rows when it is released (ADR-5, ADR-6, R-73)."""

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from federation import peers
from federation.documents.post import Leaving
from federation.outbox.sending import Inbox, elsewhere, hosts_of
from models import copies, egress, relations
from models.tables import Actor, Dialect, Group, Reach, Visibility


class GroupRecipients(Struct, frozen=True):
    """Who gets something of a group of ours, and in which form (GRP-8a).

    `embedded`: the group's Announce of the activity; `by_id`: its Announce of the post's id.
    """

    embedded: tuple[Inbox, ...]
    by_id: tuple[Inbox, ...]


async def of_group(
    session: AsyncSession, group: Group, *, is_public: bool, reach: Reach | None = None
) -> GroupRecipients:
    """The members of a group outside. What is not public goes embedded only: microblogs drop such an Announce.

    `reach` is that of the post it is about: what was written before the group was opened stays with those who have an
    agreement.

    Those to whom the group speaks itself are none of these (see `copies`): a server gets one form, never two.
    """
    inboxes = elsewhere(session, await egress.inboxes_in(session, group, reach=reach))
    if not is_public:
        spoken_to = await copies.hosts(session, group.id)
        return GroupRecipients(tuple(one for one in inboxes if one[1] not in spoken_to), ())
    dialects = await peers.dialects(session, hosts_of(inboxes))
    return GroupRecipients(
        embedded=tuple(one for one in inboxes if dialects[one[1]] is not Dialect.MICROBLOG),
        by_id=tuple(one for one in inboxes if dialects[one[1]] is not Dialect.FORUM),
    )


async def of_post(session: AsyncSession, leaving: Leaving) -> list[Inbox]:
    """Who gets a post outside groups of ours: a group elsewhere, followers, those it names."""
    if leaving.group is not None:
        home = (leaving.group.inbox, leaving.group.host)
        others = await _told_apart_from(session, leaving, {leaving.group.host})
        return elsewhere(session, [home, *others])
    if leaving.post.visibility is Visibility.DIRECT:
        # microblogs derive who may read a direct message from the inbox that was hit (ADR-5)
        return elsewhere(session, [(actor.inbox, actor.host) for actor in told(leaving)])
    followers = await relations.follower_inboxes(session, leaving.author.id)
    return elsewhere(session, [*followers, *shared(told(leaving))])


async def of_named(session: AsyncSession, leaving: Leaving, reached: Iterable[Inbox]) -> list[Inbox]:
    """Those whom a public post names or answers, at servers that are not among `reached`."""
    return elsewhere(session, await _told_apart_from(session, leaving, hosts_of(reached)))


async def _told_apart_from(session: AsyncSession, leaving: Leaving, hosts: set[str]) -> list[Inbox]:
    """Forums are left out: they take a post of a group from the group alone, and a second copy may hide the first."""
    if not leaving.is_public:
        return []
    inboxes = [one for one in shared(told(leaving)) if one[1] not in hosts]
    dialects = await peers.dialects(session, hosts_of(inboxes))
    return [one for one in inboxes if dialects[one[1]] is not Dialect.FORUM]


def told(leaving: Leaving) -> list[Actor]:
    """Whom the post names or answers, where it says so in its addressing."""
    everyone = set(leaving.addressing.everyone)
    people = [actor for actor in (leaving.parent_author, *leaving.named) if actor is not None]
    return [actor for actor in people if actor.uri in everyone]


def shared(actors: Iterable[Actor]) -> list[Inbox]:
    return [(actor.delivery_inbox, actor.host) for actor in actors if not actor.is_local]
