"""Create: a post from elsewhere, for people of ours or for a group, here or there (ActivityPub §7.2, GRP-6, GRP-9)."""

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from federation import remote_posts, trust
from federation.activities import consents, places, quoting, votes
from federation.activities.places import Place
from federation.activities.registry import Ignored, Incoming, Refused, Waiting, receives
from federation.documents import members
from federation.remote_posts import Seen
from federation.vocabulary import Document, ids_of, same_origin
from federation.wire import Wire
from models import journal, ledger, policy, polls, quotes, tombstones
from models.base import now
from models.interactions import Interaction
from models.journal import GroupDistributes
from models.posts import receiving
from models.tables import Group, Outcome, Post, Reach

UNWANTED = "concerns nobody here"


async def gather(incoming: Incoming) -> None:
    """Find out what the post says and who wrote it, then fetch what it answers, if anybody here is concerned."""
    if votes.read(incoming) is not None:
        return
    seen = _in_its_thread(incoming, incoming.seen or await authentic(incoming))
    incoming.seen = seen
    if seen.author.uri != incoming.sender.uri:
        raise Refused("R-10", "written by somebody else", object_uri=seen.post.uri)
    if seen.post.is_vote:
        raise Ignored("a vote that nobody vouches for")
    parent_uri = seen.post.reply_to_uri
    if seen.post.quote_uri is not None:
        await quoting.gather_quote(incoming, seen)
    if parent_uri is None:
        return
    async with incoming.wire.database.reading() as session:
        if await remote_posts.is_settled(session, seen.post.uri):
            return
        is_known = await remote_posts.is_settled(session, parent_uri)
        place = await places.find(session, incoming, seen) if not is_known else None
    if place is None:
        await consents.must_be_agreed(incoming, seen)
        return
    if not place.is_wanted:  # nothing is fetched for what is of no concern
        raise Ignored(UNWANTED)
    incoming.parents, missing = await remote_posts.parents_of(incoming.wire, seen, incoming.budget)
    if missing is not None and incoming.may_wait:
        raise Waiting("what it answers cannot be had now")
    await consents.must_be_agreed(incoming, seen)


def _in_its_thread(incoming: Incoming, seen: Seen) -> Seen:
    """GRP-16: who answers a copy that a group made for its server answers what the group says that is a copy of."""
    copy, meant, via = seen.post.reply_to_uri, incoming.in_thread_of, incoming.via
    if copy is None or meant is None or via is None or not same_origin(copy, via.uri):
        return seen
    return Seen(structs.replace(seen.post, reply_to_uri=meant), seen.author)


async def authentic(incoming: Incoming) -> Seen:
    """The post as its author says: embedded by the author, or fetched from its origin (TRUST-1).

    Raises:
        Refused: it would be one of ours. Otherwise as `remote_posts.fetch`.
    """
    embedded, uri = incoming.object, incoming.object_id
    if uri is None:
        raise Refused("R-10", "nothing in it has an id")
    if trust.is_own(incoming.wire, uri):
        raise Refused("R-13", "claims an id of ours", object_uri=uri)
    if isinstance(embedded, dict) and is_own_word(incoming.wire, embedded, incoming.sender.uri):
        return await remote_posts.read(incoming.wire, embedded, incoming.budget, known=incoming.sender)
    return await remote_posts.fetch(incoming.wire, uri, incoming.budget)


def is_own_word(wire: Wire, embedded: Document, actor_uri: str) -> bool:
    """TRUST-1: whether what stands inside an activity of an actor is of their server, and is called theirs."""
    uri = members.checked_id(embedded.get("id"), insecure_hosts=wire.insecure_hosts)
    if uri is None or trust.is_own(wire, uri) or not same_origin(uri, actor_uri):
        return False
    return actor_uri in ids_of(embedded.get("attributedTo"))


@receives("Create", gather=gather)
async def create(session: AsyncSession, incoming: Incoming) -> str:
    """Store the post, tell the ledger, and let a group of ours pass it on; or count votes."""
    voted = votes.read(incoming)
    if voted is not None:
        return await votes.count(session, incoming, voted)
    seen = incoming.seen
    if seen is None:
        raise Ignored("nothing was gathered")
    known = await receiving.by_uri(session, seen.post.uri)
    if known is not None:
        return await replace(session, incoming, seen, known)
    if await tombstones.is_buried(session, seen.post.uri):
        raise Ignored("was deleted")
    place = await places.find(session, incoming, seen)
    if not place.is_wanted and not incoming.parents and not await _quotes_us(session, seen):
        raise Ignored(UNWANTED)
    await _must_be_let_in(session, incoming, seen, place)
    if place.parent is not None and await consents.is_refused(
        session, incoming, place.parent, Interaction.REPLY, uri=seen.post.uri
    ):
        return consents.REFUSED
    await store_parents(session, incoming)
    post = await receiving.receive(session, places.told(seen, place))
    if post is None:
        raise Ignored("was stored or deleted meanwhile")
    post.is_vouched = incoming.is_vouched
    _close(incoming, seen, post)
    await quoting.note(session, incoming, seen, post)
    await enter(session, incoming, seen, post, what="Create", group_reach=place.group.reach if place.group else None)
    _pass_on(session, incoming, place, post)
    return "stored"


async def _must_be_let_in(session: AsyncSession, incoming: Incoming, seen: Seen, place: Place) -> None:
    """GRP-6: a group of ours takes posts of its members, as far as the agreement with their company goes."""
    if not place.is_in_our_group or place.group is None:
        return
    if incoming.received_id is None:
        raise Ignored("brought by somebody else: its author has to send it to the group")
    reason = ""
    if not await policy.may_contribute(session, seen.author, place.group, is_reply=place.is_reply_in_group):
        reason = "may not post there"
    elif place.parent is not None and not await policy.may_answer_in(session, seen.author.id, place.parent):  # GRP-13
        reason = "the thread is closed"
    if reason:
        viewer = await policy.remote_viewer(session, seen.author.host, seen.author.id)
        known = await session.scalar(policy.visible_groups(viewer).where(Group.id == place.group.id))
        group = place.group_actor if known is not None else None  # what does not exist for them says nothing
        raise Refused("GRP-6", reason, object_uri=seen.post.uri, group=group)


async def _quotes_us(session: AsyncSession, seen: Seen) -> bool:
    return seen.post.quote_uri is not None and await quotes.is_agreed(session, seen.post.uri)


def _close(incoming: Incoming, seen: Seen, post: Post) -> None:
    """GRP-13: a thread in a group elsewhere is open or closed as that group passes it on."""
    if incoming.via is not None and seen.post.is_locked is not None and post.reply_to_id is None:
        post.locked_at = (post.locked_at or now()) if seen.post.is_locked else None


async def store_parents(session: AsyncSession, incoming: Incoming) -> None:
    """Store what was fetched because the post answers it."""
    for parent in incoming.parents:
        if await remote_posts.is_settled(session, parent.post.uri):
            continue
        where = await places.of_parent(session, parent, incoming.via)
        if where is not None:
            await receiving.receive(session, places.told(parent, where))


async def replace(session: AsyncSession, incoming: Incoming, seen: Seen, known: Post) -> str:
    """Replace what a stored post says, if this is newer and of the same author (R-14, R-62)."""
    if known.is_local or known.author_id != seen.author.id:
        raise Refused("R-14", "is somebody else's", object_uri=known.uri)
    if known.deleted_at is not None:
        raise Ignored("was deleted")
    if incoming.via is not None and known.group_id != incoming.via.id:
        raise Ignored("is not of the group that announced it")
    if incoming.is_vouched and not known.is_vouched:
        raise Refused("TRUST-6", "is better known than by the word of its group", object_uri=known.uri)
    place = await places.of_known(session, known, seen)
    if place.is_in_our_group:
        await _must_be_let_in(session, incoming, seen, place)
    if known.edited_at is not None and (seen.post.updated is None or seen.post.updated < known.edited_at):
        raise Ignored("is no newer than what is stored")
    was_shown = await quotes.is_shown(session, known.id) if seen.post.quote_uri is not None else False
    shows_quote = await quoting.note(session, incoming, seen, known)
    if not await receiving.receive_edit(session, known, places.told(seen, place)):
        if was_shown is not shows_quote:
            _pass_on(session, incoming, place, known)
            return "its quote is shown" if shows_quote else "its quote is not shown any more"
        return await _refresh(session, incoming, seen, known, place)
    known.is_vouched = incoming.is_vouched
    _close(incoming, seen, known)
    await enter(session, incoming, seen, known, what="Update", group_reach=place.group.reach if place.group else None)
    _pass_on(session, incoming, place, known)
    return "replaced"


async def _refresh(session: AsyncSession, incoming: Incoming, seen: Seen, known: Post, place: Place) -> str:
    """The same text again, told because of what hangs on it: new counts of its poll."""
    if seen.post.poll is None or not await polls.refresh(session, known, seen.post.poll):
        raise Ignored("is no newer than what is stored")
    _pass_on(session, incoming, place, known)
    return "counted anew"


def _pass_on(session: AsyncSession, incoming: Incoming, place: Place, post: Post) -> None:
    if place.is_in_our_group and place.group is not None and incoming.received_id is not None:
        journal.record(session, GroupDistributes(place.group.id, incoming.received_id, post.id))


async def enter(
    session: AsyncSession, incoming: Incoming, seen: Seen, post: Post, *, what: str, group_reach: Reach | None
) -> None:
    """The ledger's line about what came in."""
    await ledger.append(session, line_about(incoming, seen, post, what=what, group_reach=group_reach))


def line_about(incoming: Incoming, seen: Seen, post: Post, *, what: str, group_reach: Reach | None) -> ledger.Fact:
    """What that line says."""
    if incoming.via is not None:
        rule = "group_elsewhere"
    elif group_reach is not None:
        rule = "reach_public" if group_reach is Reach.PUBLIC else "agreement"
    else:
        rule = str(post.visibility)
    return ledger.Fact(
        outcome=Outcome.RECEIVED,
        what=what,
        actor=seen.author.handle,
        rule=rule,
        object_uri=post.uri,
        post_id=post.id,
        revision=post.revision,
        group_id=post.group_id,
        hosts=(incoming.via.host if incoming.via is not None else seen.author.host,),
        digest=incoming.digest,
    )
