"""Completes an activity and queues it: proof, bytes, digest, inboxes, ledger."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import activity
from federation.documents.envelope import encode, proven
from federation.keys import KeyRing
from federation.vocabulary import Document
from models import deliveries
from models.base import now
from models.instance import instance_of
from models.tables import Activity, Actor, Received

Inbox = tuple[str, str]
"""An inbox and its host."""


class Subject(Struct, frozen=True, kw_only=True):
    """What an activity is about, for the queue and the ledger. `what` is its type unless it does more than it says."""

    rule: str
    object_uri: str = ""
    what: str = ""
    by: str = ""
    group_id: int | None = None
    post_id: int | None = None
    revision: int | None = None
    approved_by: str = ""
    wait: timedelta = timedelta(0)


async def seal(
    session: AsyncSession, keys: KeyRing, document: Document, actor: Actor, *, embeds: bytes | None = None
) -> bytes:
    """The bytes of an activity with its actor's proof; `embeds` are the exact bytes of its object."""
    own = await keys.ensure_in(session, actor.id)
    sealed = proven(document, by=own, at=now())
    return encode(sealed if embeds is None else activity.embedding(sealed, embeds))


async def send(
    session: AsyncSession,
    keys: KeyRing,
    document: Document,
    *,
    actor: Actor,
    inboxes: Iterable[Inbox],
    subject: Subject,
    embeds: bytes | None = None,
) -> list[Inbox]:
    """Queue an activity; where it goes, which is less than `inboxes` where companies may not get anything."""
    return (await send_all(session, keys, [Letter(document, actor, inboxes, subject, embeds)]))[0]


class Letter(Struct, frozen=True):
    """One of several activities that are queued at once; see `send`."""

    document: Document
    actor: Actor
    inboxes: Iterable[Inbox]
    subject: Subject
    embeds: bytes | None = None


async def send_all(session: AsyncSession, keys: KeyRing, letters: Sequence[Letter]) -> list[list[Inbox]]:
    """Queue activities in their order; where each goes."""
    wanted = [elsewhere(session, letter.inboxes) for letter in letters]
    outgoing = []
    for letter, inboxes in zip(letters, wanted, strict=True):
        if inboxes:
            body = await seal(session, keys, letter.document, letter.actor, embeds=letter.embeds)
            outgoing.append(_outgoing(letter.document, body, letter.actor, inboxes, letter.subject))
    queued = iter(await deliveries.enqueue_all(session, outgoing))
    return [next(queued)[1] if inboxes else [] for inboxes in wanted]


async def keep_and_queue(
    session: AsyncSession, document: Document, body: bytes, *, actor: Actor, inboxes: Iterable[Inbox], subject: Subject
) -> list[Inbox]:
    """Queue an activity that others get inside another one: when nobody gets it bare it is kept, to be looked up."""
    outgoing = _outgoing(document, body, actor, elsewhere(session, inboxes), subject)
    queued, sent = await deliveries.enqueue_where(session, outgoing)
    if queued is None:
        await deliveries.keep(session, outgoing)
    return sent


async def pass_on(
    session: AsyncSession, came: Received, *, actor: Actor, inboxes: Iterable[Inbox], subject: Subject
) -> None:
    """Queue what others sent, byte for byte, where it did not come from; once. The request is signed as `actor`."""
    if not came.body or await deliveries.by_uri(session, came.uri) is not None:
        return
    wanted = [one for one in elsewhere(session, inboxes) if one[1] != came.host]
    document: Document = {"id": came.uri, "type": came.type}
    await deliveries.enqueue(session, _outgoing(document, came.body, actor, wanted, subject))


def _outgoing(
    document: Document, body: bytes, actor: Actor, inboxes: list[Inbox], subject: Subject
) -> deliveries.Outgoing:
    return deliveries.Outgoing(
        uri=str(document["id"]),
        type=subject.what or str(document["type"]),
        actor=actor,
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
        inboxes=inboxes,
        rule=subject.rule,
        object_uri=subject.object_uri,
        group_id=subject.group_id,
        post_id=subject.post_id,
        revision=subject.revision,
        approved_by=subject.approved_by,
        by=subject.by,
        wait=subject.wait,
    )


def elsewhere(session: AsyncSession, inboxes: Iterable[Inbox]) -> list[Inbox]:
    """Without our own house and without those who are known through a group alone, each once, in order."""
    here = instance_of(session).host
    return [one for one in dict.fromkeys(inboxes) if one[0] and one[1] not in ("", here)]


def hosts_of(inboxes: Iterable[Inbox]) -> set[str]:
    return {host for _, host in inboxes}


def mint(session: AsyncSession) -> str:
    """The id of a new activity."""
    return instance_of(session).mint("x")


def document_of(stored: Activity) -> dict[str, Any]:
    """An activity of ours, read again from the bytes it was sent as."""
    return msgspec.json.decode(stored.body, type=dict[str, Any])


async def undo(
    session: AsyncSession, keys: KeyRing, stored: Activity, *, actor: Actor, subject: Subject
) -> list[Inbox]:
    """Take an activity back where somebody has it or may have it; elsewhere it is just not sent any more."""
    never = await deliveries.cancel(session, stored)
    inboxes = [one for one in await deliveries.sent_to(session, stored) if one[0] not in never]
    undone = document_of(stored)
    to, cc = list(undone.get("to", ())), list(undone.get("cc", ()))
    document = activity.undo(mint(session), undone, to=to, cc=cc)
    return await send(session, keys, document, actor=actor, inboxes=inboxes, subject=subject)
