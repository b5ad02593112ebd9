"""Announce: a boost, or what a group passes on (ActivityPub §7.11, FEP-1b12, GRP-8 to GRP-10a).

A group announces whole activities. The inner one counts as if its actor had sent it, once it is proved to be theirs: by
a proof inside, by what its origin says, or because group and actor live on one server (TRUST-1, TRUST-6). Only groups
that somebody of ours belongs to are listened to.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation import peers, remote_posts, trust
from federation.activities import answers, consents, create, places
from federation.activities.registry import HANDLERS, Ignored, Incoming, Refused, receives
from federation.errors import ProtocolError
from federation.fetch import FetchFailed
from federation.signatures import BadProof
from federation.vocabulary import Document, parse_date, same_origin, types_of
from models import tombstones
from models.base import now
from models.interactions import Interaction
from models.posts import receiving
from models.tables import Actor, ActorType, Group, Membership, MemberState

_PASSED_ON = frozenset({"Create", "Update", "Delete", "Like", "EmojiReact", "Undo", "Block", "Lock", "Add", "Remove"})
_NEVER = frozenset({"Follow", "Join", "Accept", "Reject", "Move", "Announce", "Flag"})


async def gather(incoming: Incoming) -> None:
    """Find out whether a group passes on an activity, or what is boosted, and fetch what that needs."""
    if incoming.via is not None:
        raise Refused("GRP-9", "announces an announcement")
    embedded = incoming.object
    if isinstance(embedded, dict) and "actor" in embedded and incoming.sender.type is ActorType.GROUP:
        await _listens_to(incoming)
        incoming.inner = await _inner(incoming, embedded)
        if incoming.inner is not None:
            handler = HANDLERS[incoming.inner.type]
            if handler.gather is not None:
                await handler.gather(incoming.inner)
        return
    uri = incoming.object_id
    if uri is None:
        raise Refused("R-17", "names nothing")
    if _says_something(incoming):
        incoming.inner = await _as_quote(incoming, uri)
        await create.gather(incoming.inner)
        return
    if trust.is_own(incoming.wire, uri):
        return
    async with incoming.wire.database.reading() as session:
        is_stored = await remote_posts.is_settled(session, uri)
        is_wanted = await _is_wanted(session, incoming.sender)
    if not is_stored and not is_wanted:
        raise Ignored("concerns nobody here")
    if not is_stored or incoming.sender.type is ActorType.GROUP:
        incoming.seen = await remote_posts.fetch(incoming.wire, uri, incoming.budget)


def _says_something(incoming: Incoming) -> bool:
    """FEP-dd4b: a boost with words of its own is a quote."""
    content = incoming.document.get("content")
    return isinstance(content, str) and bool(content.strip()) and incoming.sender.type is not ActorType.GROUP


async def _as_quote(incoming: Incoming, uri: str) -> Incoming:
    """The Create of the post that a boost with words amounts to; what it boosts needs consent as in any quote."""
    note: Document = {
        **{name: value for name, value in incoming.document.items() if name not in ("actor", "object", "proof")},
        "type": "Note",
        "attributedTo": incoming.sender.uri,
        "quote": uri,
    }
    seen = await remote_posts.read(incoming.wire, note, incoming.budget, known=incoming.sender)
    return Incoming(
        wire=incoming.wire,
        document={**incoming.document, "type": "Create", "object": note},
        type="Create",
        sender=incoming.sender,
        received_at=incoming.received_at,
        digest=incoming.digest,
        inbox_actor_id=incoming.inbox_actor_id,
        budget=incoming.budget,
        seen=seen,
    )


async def _is_wanted(session: AsyncSession, sender: Actor) -> bool:
    if sender.type is ActorType.GROUP and await _somebody_asked(session, sender):
        return True
    return await places.is_followed(session, sender)


async def _somebody_asked(session: AsyncSession, group: Actor) -> bool:
    """Whether anybody of ours is in a group elsewhere, or asked to be."""
    found = await session.scalar(
        select(Membership.id)
        .where(
            Membership.group_id == group.id,
            Membership.host == "",
            Membership.state.in_((MemberState.MEMBER, MemberState.ASKED)),
        )
        .limit(1)
    )
    return found is not None


async def _listens_to(incoming: Incoming) -> None:
    async with incoming.wire.database.reading() as session:
        if not await _somebody_asked(session, incoming.sender):
            raise Ignored("nobody here is in that group")


# What a group passes on


async def _inner(incoming: Incoming, embedded: Document) -> Incoming | None:
    """The inner activity, proved to be its actor's; None for one of ours that comes back."""
    type = next(iter(types_of(embedded)), "")
    actor = incoming.address(embedded.get("actor"))
    if actor is None or type in _NEVER:
        raise Refused("GRP-9", "passes on what no group speaks for")
    if trust.is_own(incoming.wire, actor):
        return None
    if type not in _PASSED_ON:
        raise Ignored("passes on what is not handled yet")
    inner = Incoming(
        wire=incoming.wire,
        document=embedded,
        type=type,
        sender=incoming.sender,
        received_at=incoming.received_at,
        digest=incoming.digest,
        signed_at=incoming.signed_at,
        via=incoming.sender,
        in_thread_of=incoming.address(incoming.document.get("inReplyTo")),
        budget=incoming.budget,
    )
    await _authenticate(inner, actor)
    return inner


async def _authenticate(inner: Incoming, actor: str) -> None:
    """Put the one who made the activity into `sender`, or raise Refused (TRUST-1, TRUST-2)."""
    group = inner.sender
    uri = inner.id
    if uri and not same_origin(uri, actor):
        raise Refused("R-10", "an activity of one server by an actor of another")
    if await trust.is_stranger(inner.wire, actor):
        await _through_the_group(inner, actor)
        return
    if not await _is_proven(inner, actor):
        if inner.type in ("Create", "Update"):
            inner.seen = await _as_its_origin_says(inner)
            if inner.seen.author.uri != actor:
                raise Refused("R-10", "written by somebody else", object_uri=inner.seen.post.uri)
        elif inner.type == "Delete" and not same_origin(actor, group.uri):
            inner.object_is_gone = await is_gone(inner)
            if not inner.object_is_gone:
                raise Refused("TRUST-6", "its origin still has it")
        elif not same_origin(actor, group.uri):
            raise Refused("TRUST-6", "nobody vouches for it")
    try:
        inner.sender = await remote_posts.author_of(inner.wire, actor, inner.budget)
    except ProtocolError:
        if not inner.object_is_gone:
            raise
        # whoever is gone can no longer be asked; that the object is gone suffices


async def _through_the_group(inner: Incoming, actor: str) -> None:
    """B2B-4: its author's server is nobody we ask; the group shows who that is, or vouches for it."""
    group = inner.sender
    inner.budget.spend()
    try:
        known = await trust.author_through(inner.wire, group, inner.document, actor, type=inner.type)
    except BadProof as error:
        raise Refused("PRF-2", str(error.facts.get("reason", error.code))) from None
    except trust.NotIntroduced:
        raise Refused("TRUST-6", "nobody vouches for it") from None
    inner.sender = known.actor
    inner.is_vouched = known.is_vouched


async def _is_proven(inner: Incoming, actor: str) -> bool:
    try:
        return await trust.is_proven(inner.wire, inner.document, actor)
    except BadProof as error:
        raise Refused("PRF-2", str(error.facts.get("reason", error.code))) from None


async def _as_its_origin_says(inner: Incoming) -> remote_posts.Seen:
    uri = inner.object_id
    if uri is None or trust.is_own(inner.wire, uri):
        raise Refused("R-13", "claims an id of ours", object_uri=uri or "")
    return await remote_posts.fetch(inner.wire, uri, inner.budget)


async def is_gone(incoming: Incoming, *, was_for_all: bool = True) -> bool:
    """Whether the origin of the object says that there is nothing, or a tombstone (INB-7).

    Of what was not for all, "nothing" may just mean that it is not for us who ask: then its origin must say so.
    """
    uri = incoming.object_id
    if uri is None or trust.is_own(incoming.wire, uri):
        return False
    incoming.budget.spend()
    try:
        fetched = await trust.fetch(incoming.wire, uri)
    except FetchFailed as error:
        if error.is_gone:
            return was_for_all or error.http_status == 410
        raise
    return "Tombstone" in types_of(fetched.document)


@receives("Announce", gather=gather)
async def announce(session: AsyncSession, incoming: Incoming) -> str:
    """Deal with what is inside, or note a boost."""
    sender = incoming.sender
    is_from_group = sender.type is ActorType.GROUP and await _somebody_asked(session, sender)
    if is_from_group:
        await answers.accept_by_announcing(session, sender, inbox_actor_id=incoming.inbox_actor_id)
    if incoming.inner is not None and incoming.inner.via is None:
        return f"quoted: {await create.create(session, incoming.inner)}"
    if incoming.inner is not None:
        await peers.note_evidence(session, sender.host, forum=True)
        return f"{incoming.inner.type}: {await HANDLERS[incoming.inner.type].apply(session, incoming.inner)}"
    uri = incoming.object_id or ""
    if isinstance(incoming.object, dict) and "actor" in incoming.object:
        if not is_from_group:
            raise Ignored("nobody here is in that group")
        return await _echo(session, incoming, incoming.address(incoming.object.get("object")) or "")
    if is_from_group:
        if trust.is_own(incoming.wire, uri):
            return await _echo(session, incoming, uri)
        return await _post_of_group(session, incoming)
    return await _boost(session, incoming, uri)


async def _echo(session: AsyncSession, incoming: Incoming, uri: str) -> str:
    """GRP-9: one of ours comes back from the group, so its members have it now."""
    if not await receiving.receive_echo(session, uri, group=await session.get_one(Group, incoming.sender.id)):
        raise Ignored("an echo of nothing here")
    return "distributed"


async def _post_of_group(session: AsyncSession, incoming: Incoming) -> str:
    """GRP-8, form 2: a group announces a post by its id."""
    seen = incoming.seen
    if seen is None:
        raise Ignored("known already")
    inner = Incoming(
        wire=incoming.wire,
        document={"type": "Create", "actor": seen.author.uri, "object": seen.post.uri},
        type="Create",
        sender=seen.author,
        received_at=incoming.received_at,
        digest=incoming.digest,
        via=incoming.sender,
        seen=seen,
    )
    return await create.create(session, inner)


async def _boost(session: AsyncSession, incoming: Incoming, uri: str) -> str:
    post = await receiving.by_uri(session, uri)
    if post is None and incoming.seen is not None:
        where = await places.of_parent(session, incoming.seen, None)
        if where is None:
            raise Refused("R-17", "boosts what is not for everybody")
        post = await receiving.receive(session, places.told(incoming.seen, where))
    if post is None or post.deleted_at is not None:
        raise Ignored("boosts nothing here")
    if await tombstones.is_over(session, incoming.id, signed_at=incoming.signed_at):
        raise Ignored("was taken back before it came")
    if await consents.is_refused(session, incoming, post, Interaction.ANNOUNCE, uri=incoming.id):
        return consents.REFUSED
    published = parse_date(incoming.document.get("published"), now=now())
    boost = await receiving.receive_boost(session, by=incoming.sender, post=post, uri=incoming.id, published=published)
    if boost is None:
        raise Ignored("known already, or not to be spread")
    return "boosted"
