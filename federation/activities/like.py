"""Like and EmojiReact: thanks for a post, or an emoji under it (ActivityPub §7.10, FEP-c0e0)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities import consents
from federation.activities.registry import Ignored, Incoming, receives
from federation.documents import emoji_reactions
from federation.vocabulary import Document
from federation.wire import Wire
from models import emoji, journal, reactions, tombstones
from models.errors import NotFound
from models.interactions import Interaction
from models.journal import GroupDistributes
from models.posts import receiving
from models.tables import Actor, Post


def _is_light(wire: Wire, document: Document) -> bool:
    del wire, document
    return True


@receives("Like", "EmojiReact", is_light=_is_light)
async def like(session: AsyncSession, incoming: Incoming) -> str:
    """One Like per actor and post; a Like with an emoji in it is that emoji. A group of ours passes either on."""
    post = await liked(session, incoming)
    if await tombstones.is_over(session, incoming.id, signed_at=incoming.signed_at):
        raise Ignored("was taken back before it came")
    sign = sign_in(incoming, incoming.document)
    if sign is None and incoming.type == "EmojiReact":
        raise Ignored("is no emoji")
    if await consents.is_refused(session, incoming, post, Interaction.LIKE, uri=incoming.id):
        return consents.REFUSED
    sender = incoming.sender
    try:
        if sign is None:
            is_new = await reactions.receive_like(session, by=sender, post=post, uri=incoming.id, via=incoming.via)
        else:
            name, picture = sign
            is_new = await reactions.receive_emoji(
                session, by=sender, post=post, emoji=name, picture_url=picture, uri=incoming.id, via=incoming.via
            )
            if picture is not None:
                await emoji.keep(session, sender.host, {name.strip(":"): picture})
    except NotFound:
        raise Ignored("is nothing that they may see") from None
    if not is_new:
        raise Ignored("known already")
    await pass_on(session, incoming, post)
    return "liked" if sign is None else "reacted"


def sign_in(incoming: Incoming, document: Document) -> tuple[str, str | None] | None:
    """The emoji that a Like or EmojiReact brings, with the address of its picture where it is one."""
    return emoji_reactions.parse(document, insecure_hosts=incoming.wire.insecure_hosts)


async def liked(session: AsyncSession, incoming: Incoming) -> Post:
    """The post it is about, if we have that. Raises Ignored."""
    uri = incoming.object_id
    post = await receiving.by_uri(session, uri) if uri else None
    if post is None or post.deleted_at is not None or post.boost_of_id is not None:
        raise Ignored("is about nothing here")
    if incoming.via is not None and post.group_id != incoming.via.id:
        raise Ignored("is not of the group that announced it")
    return post


async def pass_on(session: AsyncSession, incoming: Incoming, post: Post) -> None:
    """Let a group of ours announce what its author sent about one of its posts."""
    if post.group_id is None or incoming.received_id is None or incoming.via is not None:
        return
    home = await session.get(Actor, post.group_id)
    if home is not None and home.is_local:
        journal.record(session, GroupDistributes(home.id, incoming.received_id, post.id))
