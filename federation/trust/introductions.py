"""Authors whose server we cannot ask, known through the group that passed on what they wrote (B2B-4, TRUST-6).

A hosts a group; B and C are its partners and strangers to each other. What somebody of B wrote reaches C inside A's
Announce. C asks A's group for the author's card, and for nothing B: the proof inside the activity must be by a key of
that card. The first card is believed as A's word; a later one counts if a known key signed it. Where nothing is
proven, the group's own word counts, if it says that it vouches, and only for what it said itself before.
"""

from collections.abc import Sequence

from msgspec import Struct

from federation.documents import card as cards
from federation.documents.card import ParsedCard
from federation.documents.refusals import NotAnActor
from federation.errors import ProtocolError
from federation.fetch import FetchFailed
from federation.signatures import BadProof, proofs
from federation.trust.admission import NotAdmitted, admit, fetch
from federation.vocabulary import BadUrl, Document, host_of, same_origin
from federation.wire import Wire
from models import introductions
from models.base import now
from models.introductions import Introduced, key_of
from models.tables import Actor, Group, Introduction

VOUCHED = frozenset({"Create", "Update", "Delete"})


class NotIntroduced(ProtocolError):
    """Nothing shows whose activity this is that a group passed on."""

    code = "not_introduced"
    status = 403


class Known(Struct, frozen=True):
    """Whose activity it is; `is_vouched` says that the group alone says so."""

    actor: Actor
    is_vouched: bool


async def is_stranger(wire: Wire, uri: str) -> bool:
    """Whether an actor lives where we ask nobody, and was never met except through groups."""
    try:
        host = host_of(uri)
    except BadUrl:
        return False
    async with wire.database.reading() as session:
        actor, _ = await introductions.of_actor(session, uri)
        if actor is not None:
            return actor.is_introduced
        try:
            await admit(session, host)
        except NotAdmitted:
            return not wire.database.instance.owns(uri)
    return False


async def author_through(wire: Wire, group: Actor, document: Document, actor: str, *, type: str) -> Known:
    """The author of an activity that `group` passed on, by the group's card of them.

    Raises:
        BadProof: there is a proof, and it is false. NotIntroduced: nothing shows whose it is, and nobody vouches.
        Otherwise as `admission.fetch`, when the group cannot be asked just now.
    """
    proof = proofs.find(document, now=now())
    async with wire.database.reading() as session:
        known, told = await introductions.of_actor(session, actor)
        vouches = (await session.get_one(Group, group.id)).vouches
    if proof is not None and proof.owner == actor:
        found = await _proven(wire, group, proof, known, told)
        if found is not None:
            return Known(found, is_vouched=False)
    if not vouches or type not in VOUCHED:
        raise NotIntroduced(actor=actor, group=group.uri)
    here = [one for one in told if one.group_id == group.id]
    if known is not None and here:
        return Known(known, is_vouched=True)
    card = await _ask(wire, group, actor)
    if card is None or any(one.is_proven for one in told):  # better known through somebody else: no group's word counts
        raise NotIntroduced(actor=actor, group=group.uri)
    return Known(await _keep(wire, group, card, is_proven=card.is_proven_by(card.keys)), is_vouched=True)


async def _proven(
    wire: Wire, group: Actor, proof: proofs.Proof, known: Actor | None, told: Sequence[Introduction]
) -> Actor | None:
    """The author, if the proof is by a key that we believe to be theirs; None where no card says so."""
    rows = [one for one in told if one.is_proven]
    pinned = {key_id: key for one in rows for key_id, key in cards.keys_of(one.body).items()}
    if known is not None and any(one.group_id == group.id for one in rows) and proof.verification_method in pinned:
        proofs.verify(proof, pinned[proof.verification_method])
        return known
    question = (group.uri, proof.owner)
    if wire.memory.asked_cards.get(question):
        return None
    card = await _ask(wire, group, proof.owner)
    if card is None or not card.is_proven_by(card.keys):
        wire.memory.asked_cards.put(question, True)
        return None
    if pinned and not card.is_proven_by(pinned):
        wire.memory.asked_cards.put(question, True)
        raise BadProof(reason="card_by_another_key", actor=proof.owner)
    if proof.verification_method not in card.keys:
        wire.memory.asked_cards.put(question, True)
        return None
    proofs.verify(proof, card.keys[proof.verification_method])
    return await _keep(wire, group, card, is_proven=True)


async def _ask(wire: Wire, group: Actor, actor: str) -> ParsedCard | None:
    """The group's card of an actor; None when it has none. Raises as `admission.fetch` when that may pass."""
    uri = f"{group.uri}/members/{key_of(actor)}"
    try:
        found = (await fetch(wire, uri)).document
    except FetchFailed as error:
        if error.http_status is not None and 400 <= error.http_status < 500 and error.http_status != 429:
            return None
        raise
    try:
        card = cards.parse(found.get("describes"), now=now(), insecure_hosts=wire.insecure_hosts)
    except NotAnActor:
        return None
    is_theirs = card.uri == actor and found.get("attributedTo") == group.uri and not same_origin(actor, group.uri)
    return card if is_theirs else None


async def _keep(wire: Wire, group: Actor, card: ParsedCard, *, is_proven: bool) -> Actor:
    async with wire.database.writing() as session:
        return await introductions.introduce(
            session,
            group.id,
            Introduced(
                uri=card.uri,
                host=host_of(card.uri),
                username=card.username,
                display_name=card.display_name,
                body=card.body,
                is_proven=is_proven,
            ),
        )
