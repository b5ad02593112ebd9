"""Whether an author agrees to what others do with a post: their likes, answers and boosts (POL-2, POL-4).

What the author of a post of ours does not permit is told to who did it by a Reject, and has no effect. An answer to a
post elsewhere, whose author wants to be asked, needs a stamp of that author.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from federation import stamps
from federation.activities.registry import Ignored, Incoming, Refused
from federation.documents.post import interaction as documents
from federation.remote_posts import Seen
from federation.vocabulary import same_origin
from models import interactions, journal, ledger, policy
from models.interactions import Asker, Interaction, Verdict
from models.posts import receiving
from models.tables import Actor, Outcome, Post

RULE = "POL-2"
REFUSED = "refused: its author does not permit it"


async def is_refused(
    session: AsyncSession, incoming: Incoming, post: Post, interaction: Interaction, *, uri: str
) -> bool:
    """Whether the author of `post`, which is ours, does not permit the interaction `uri`; its actor is told then.

    Raises:
        Ignored: for them there is no such post, so that nothing may be told of it (R-71).
    """
    sender = incoming.sender
    if not post.is_local or await policy.verdict(session, sender, post, interaction) is Verdict.AUTOMATIC:
        return False
    viewer = await policy.remote_viewer(session, sender.host, sender.id)
    if not await policy.may_see(session, viewer, post.id):
        raise Ignored("is about nothing that they may see")
    if uri:
        journal.record(session, journal.InteractionRefused(post.author_id, sender.id, uri))
    await ledger.append(
        session,
        ledger.Fact(
            outcome=Outcome.REFUSED,
            what=incoming.type,
            actor=sender.handle,
            rule=RULE,
            object_uri=uri,
            post_id=post.id,
            group_id=post.group_id,
            hosts=(sender.host,),
            digest=incoming.digest,
        ),
    )
    return True


async def must_be_agreed(incoming: Incoming, seen: Seen) -> None:
    """An answer to somebody elsewhere who wants to be asked carries their stamp (POL-4).

    Raises:
        Refused: there is none, or it does not hold. Otherwise as `trust.fetch`.
    """
    async with incoming.wire.database.reading() as session:
        found = await _answered(session, incoming, seen)
    if found is None:
        return
    parent_uri, author_uri = found
    if same_origin(seen.author.uri, author_uri):  # their own server lets them
        return
    stamp = seen.post.approved_by
    if stamp is None or not await stamps.holds(
        incoming.wire,
        incoming.budget,
        stamp,
        stamps.Claim(type="ReplyApproval", author=author_uri, interaction=seen.post.uri, target=parent_uri),
    ):
        raise Refused("POL-4", "whoever it answers has not agreed", object_uri=seen.post.uri)


async def _answered(session: AsyncSession, incoming: Incoming, seen: Seen) -> tuple[str, str] | None:
    """What is answered and whose it is, where that needs a stamp."""
    uri = seen.post.reply_to_uri
    parent = await receiving.by_uri(session, uri) if uri is not None else None
    if parent is not None:
        if parent.is_local or parent.interaction is None:
            return None
        author = await session.get_one(Actor, parent.author_id)
        said = await policy.verdict(session, seen.author, parent, Interaction.REPLY)
        return None if said is Verdict.AUTOMATIC else (parent.uri, author.uri)
    above = next((each for each in incoming.parents if each.post.uri == uri), None)
    if above is None:
        return None
    asker = Asker(
        uri=seen.author.uri,
        is_author=seen.author.uri == above.author.uri,
        is_named=seen.author.uri in above.post.mentions,
    )
    said = interactions.verdict(documents.known(above.post.interaction, above.author), Interaction.REPLY, asker)
    return None if said is Verdict.AUTOMATIC else (above.post.uri, above.author.uri)
