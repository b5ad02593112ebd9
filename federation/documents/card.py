"""Cards: as little of an actor as is needed to check its proofs, signed by itself (B2B-4).

Our people's documents carry one for servers that may see them. A group hands it on to the servers of its other members,
inside a document of its own, so that nobody can take it for the actor's document.

What a card proves: whoever holds the key says so. That the key is the actor's is the word of whoever handed the card
on, and holds from the first time: a later card counts if a key that was known before signed it.
"""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from federation.documents import members
from federation.documents.envelope import proven, with_context
from federation.documents.refusals import NotAnActor
from federation.keys import OwnKeys
from federation.signatures import BadProof, PublicKey, proofs
from federation.signatures.multikey import assertion_keys
from federation.vocabulary import BadUrl, Document, checked_url, id_of, same_origin, types_of
from models.tables import Actor, ActorType, Key, KeyKind

MEMBER = "card"
_NAME = 100
_USERNAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_LARGEST = 16_384
_PEOPLE = frozenset((ActorType.PERSON, ActorType.SERVICE, ActorType.ORGANIZATION))


# Ours


def render(actor: Actor, *, own_keys: OwnKeys, type: str, icon: Document | None, at: datetime) -> Document:
    """The card of an actor of ours with its proof."""
    document: Document = {
        "id": actor.uri,
        "type": type,
        "preferredUsername": actor.username,
        "name": actor.shown_name,
        "publicKey": {"id": own_keys.rsa_id, "owner": actor.uri, "publicKeyPem": own_keys.rsa_public_pem},
        "assertionMethod": [_multikey(actor.uri, own_keys.ed25519_id, own_keys.ed25519_multibase)],
    }
    if icon is not None:
        document["icon"] = icon
    return proven(document, by=own_keys, at=at)


def _multikey(owner: str, key_id: str, multibase: str) -> Document:
    return {"id": key_id, "type": "Multikey", "controller": owner, "publicKeyMultibase": multibase}


# Others', handed on by a group of ours


def handed_on(uri: str, group: Actor, described: Document) -> Document:
    """The document in which a group of ours hands on a card."""
    return with_context({"id": uri, "type": "Profile", "attributedTo": group.uri, "describes": described})


def composed(actor: Actor, keys: Sequence[Key]) -> Document:
    """The card of somebody elsewhere who signed none, from what their server said; it proves nothing (TRUST-6)."""
    document: Document = {
        "id": actor.uri,
        "type": str(actor.type),
        "preferredUsername": actor.username,
        "name": actor.shown_name,
    }
    rsa = [key for key in keys if key.kind is KeyKind.RSA][:1]
    if rsa:
        document["publicKey"] = {"id": rsa[0].uri, "owner": actor.uri, "publicKeyPem": rsa[0].public}
    document["assertionMethod"] = [
        _multikey(actor.uri, key.uri, key.public) for key in keys if key.kind is KeyKind.ED25519
    ]
    return with_context(document)


# Theirs


class ParsedCard(Struct, frozen=True):
    """A card that is well-formed. `proof` is its own, which `is_proven_by` checks; None when it has none."""

    uri: str
    username: str
    display_name: str
    keys: dict[str, PublicKey]
    proof: proofs.Proof | None
    body: bytes

    def is_proven_by(self, keys: dict[str, PublicKey]) -> bool:
        """Whether the one of `keys` that the proof names made it."""
        if self.proof is None or self.proof.owner != self.uri:
            return False
        key = keys.get(self.proof.verification_method)
        if key is None:
            return False
        try:
            proofs.verify(self.proof, key)
        except BadProof:
            return False
        return True


def proven_in(document: Document, *, now: datetime, insecure_hosts: tuple[str, ...]) -> bytes | None:
    """The card inside an actor's own document, if it is of the same actor, by one of its keys; None otherwise."""
    card = document.get(MEMBER)
    if not isinstance(card, dict) or card.get("id") != document.get("id"):
        return None
    try:
        parsed = parse(card, now=now, insecure_hosts=insecure_hosts)
    except (NotAnActor, BadProof):
        return None
    return parsed.body if parsed.is_proven_by(assertion_keys(document)) else None


def parse(document: object, *, now: datetime, insecure_hosts: tuple[str, ...]) -> ParsedCard:
    """Read a card.

    Raises:
        NotAnActor: it lacks something, or is far larger than a card can be. BadProof: see `proofs.find`.
    """
    if not isinstance(document, dict):
        raise NotAnActor(reason="card")
    uri = id_of(document.get("id"))
    name = document.get("preferredUsername")
    if (
        uri is None
        or not isinstance(name, str)
        or not _USERNAME.fullmatch(name)
        or _PEOPLE.isdisjoint(types_of(document))
    ):
        raise NotAnActor(reason="card", id=uri)
    try:
        checked_url(uri, insecure=insecure_hosts)
    except BadUrl as error:
        raise NotAnActor(reason="id", detail=error.facts.get("reason")) from None
    body = msgspec.json.encode(document)
    if len(body) > _LARGEST:
        raise NotAnActor(reason="card_too_large", id=uri)
    keys: dict[str, PublicKey] = {
        key_id: key
        for key_id, key in assertion_keys(document).items()
        if isinstance(key, Ed25519PublicKey) and same_origin(key_id, uri)
    }
    return ParsedCard(
        uri=uri,
        username=str(name),
        display_name=members.line(document.get("name"), limit=_NAME),
        keys=keys,
        proof=proofs.find(document, now=now),
        body=body,
    )


def keys_of(body: bytes) -> dict[str, PublicKey]:
    """The keys in a card that was kept."""
    document: Document = msgspec.json.decode(body)
    return {key_id: key for key_id, key in assertion_keys(document).items() if isinstance(key, Ed25519PublicKey)}
