"""How a group of ours passes things on: an activity inside its own Announce, byte for byte, or a post by its id."""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import activity
from federation.keys import KeyRing
from federation.outbox.sending import Inbox, Subject, mint, send
from federation.vocabulary import PUBLIC, Document
from models.base import now
from models.tables import Actor

_decode = msgspec.json.Decoder(dict[str, object]).decode


async def announce(
    session: AsyncSession,
    keys: KeyRing,
    body: bytes,
    *,
    group: Actor,
    is_public: bool,
    inboxes: Iterable[Inbox],
    subject: Subject,
    answers: str | None = None,
) -> list[Inbox]:
    """Queue the group's Announce of the activity in `body` (GRP-8, form 1); where it goes.

    `subject.what` is the inner type; `answers` is what the post in it answers where that names a copy of ours (GRP-16).
    """
    wanted = list(inboxes)
    if not wanted:
        return []
    inner: Document = _decode(body)
    document = activity.announce_activity(
        mint(session), group.uri, followers_of(group), inner, is_public=is_public, published=now()
    )
    if answers is not None:
        document["inReplyTo"] = answers
    return await send(session, keys, document, actor=group, inboxes=wanted, subject=subject, embeds=body)


async def announce_id(
    session: AsyncSession,
    keys: KeyRing,
    post_uri: str,
    *,
    author_uri: str,
    group: Actor,
    inboxes: Iterable[Inbox],
    subject: Subject,
) -> list[Inbox]:
    """Queue the group's Announce of a public post by its id (GRP-8, form 2); where it goes."""
    document = activity.announce(
        mint(session), group.uri, post_uri, to=[PUBLIC], cc=[followers_of(group), author_uri], published=now()
    )
    return await send(session, keys, document, actor=group, inboxes=inboxes, subject=subject)


def followers_of(actor: Actor) -> str:
    return actor.followers_uri or f"{actor.uri}/followers"


def by_form(
    inboxes: Iterable[Inbox], forms: Mapping[str, set[tuple[str, int]]], *, group_id: int
) -> tuple[list[Inbox], list[Inbox]]:
    """Which of `inboxes` were told of a post by the group's embedding, and which otherwise; some by both (GRP-8b).

    `forms` is `deliveries.forms_of` the post. What left no trace in the queue counts as embedded.
    """
    embedded, otherwise = [], []
    for inbox in inboxes:
        found = forms.get(inbox[0], set())
        is_embedded = any(type in ("Create", "Update") and actor_id == group_id for type, actor_id in found)
        if is_embedded or not found:
            embedded.append(inbox)
        if any(type == "Announce" or actor_id != group_id for type, actor_id in found):
            otherwise.append(inbox)
    return embedded, otherwise
