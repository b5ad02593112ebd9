"""Actor documents, both directions."""

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from federation.documents import card, members
from federation.documents.envelope import with_context
from federation.documents.refusals import NotAnActor, WrongOrigin
from federation.keys import OwnKeys
from federation.signatures.keys import PublicKey, load_public_key, public_pem
from federation.signatures.multikey import assertion_keys, encode_key
from federation.signatures.refusals import BadKey
from federation.vocabulary import (
    BadUrl,
    Document,
    as_list,
    checked_url,
    format_date,
    host_of,
    id_of,
    ids_of,
    same_origin,
    types_of,
)
from models.actors import ABOUT_LIMIT, NAME_LIMIT, RemoteActor
from models.base import now
from models.instance import Instance
from models.tables import Actor, ActorType, Emoji, Group, KeyKind, Media, Reach
from models.text.addresses import shown_url

RFC9421 = "https://datatracker.ietf.org/doc/html/rfc9421"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_FIELDS = 20
_KEYS = 8
_EMOJI = 100
_OTHER_NAMES = 10
_MARKUP = 4


# Ours


def render(
    actor: Actor,
    *,
    own_keys: OwnKeys,
    instance: Instance,
    group: Group | None = None,
    avatar: Media | None = None,
    header: Media | None = None,
    emoji: Iterable[Emoji] = (),
) -> Document:
    """An actor of ours as a document with its context; `group` is its row when it is a group, and `emoji` are those of
    the house that it uses."""
    document: Document = {
        "id": actor.uri,
        "type": _type(actor),
        "preferredUsername": actor.username,
        "webfinger": f"{actor.username}@{instance.host}",
        "name": actor.shown_name,
        "summary": actor.about_html,
        "url": actor.url,
        "published": format_date(actor.created_at),
        "updated": format_date(actor.updated_at),
        "inbox": actor.inbox,
        "outbox": actor.outbox,
        "followers": actor.followers_uri,
        "following": actor.following_uri,
        "featured": actor.featured_uri,
        "endpoints": {"sharedInbox": actor.shared_inbox},
        "manuallyApprovesFollowers": _is_asked_first(actor, group),
        "discoverable": actor.is_discoverable and (group is None or group.reach is Reach.PUBLIC),
        "indexable": False,
        "publicKey": _rsa_key(actor, own_keys),
        "assertionMethod": [
            {"id": key_id, "type": "Multikey", "controller": actor.uri, "publicKeyMultibase": multibase}
            for key_id, multibase in ((own_keys.ed25519_id, own_keys.ed25519_multibase), *own_keys.others)
        ],
        "generator": {
            "type": "Application",
            "id": instance.url("/ap/instance"),
            "implements": [{"href": RFC9421, "name": "RFC-9421: HTTP Message Signatures"}],
        },
    }
    if actor.about_source:
        document["source"] = {"content": actor.about_source, "mediaType": "text/markdown"}
    if actor.type is ActorType.GROUP:
        # FEP-1b12 reads the moderators from attributedTo, others from a property of that name
        document |= {"attributedTo": actor.moderators_uri, "moderators": actor.moderators_uri}
        document |= {"postingRestrictedToMods": False, "sensitive": False}
        if group is not None and group.vouches:
            document["vouching"] = True
    for name, media in (("icon", avatar), ("image", header)):
        if media is not None and media.file is not None:
            document[name] = {
                "type": "Image",
                "mediaType": media.media_type,
                "url": instance.url(f"/media/{media.file}"),
            }
    if actor.fields:
        document["attachment"] = [_field(field) for field in actor.fields]
    if pictures := [members.emoji_tag(row) for row in emoji]:
        document["tag"] = pictures
    if actor.also_known_as:
        document["alsoKnownAs"] = list(actor.also_known_as)
    if actor.moved_to:
        document["movedTo"] = actor.moved_to
    return with_context(document)


def render_stub(actor: Actor, *, own_keys: OwnKeys) -> Document:
    """As much of an actor as is needed to check its signature, for those who may not see more (ACT-3)."""
    return with_context(
        {
            "id": actor.uri,
            "type": _type(actor),
            "preferredUsername": actor.username,
            "inbox": actor.inbox,
            "publicKey": _rsa_key(actor, own_keys),
        }
    )


def _type(actor: Actor) -> str:
    return "Service" if actor.is_bot and actor.type is ActorType.PERSON else str(actor.type)


def _is_asked_first(actor: Actor, group: Group | None) -> bool:
    """GRP-4: on a group this says whether its content is private, because one forum server reads it so."""
    return actor.is_locked if group is None else group.reach is not Reach.PUBLIC


def _rsa_key(actor: Actor, own_keys: OwnKeys) -> Document:
    return {"id": own_keys.rsa_id, "owner": actor.uri, "publicKeyPem": own_keys.rsa_public_pem}


def _field(field: Mapping[str, Any]) -> Document:
    """A profile field; its value is text here and HTML on the wire."""
    value = str(field.get("value", ""))
    shown = html.escape(value)
    if value.startswith(("https://", "http://")) and shown_url(value) is not None and " " not in value:
        shown = f'<a href="{shown}" rel="nofollow noopener noreferrer">{shown}</a>'
    return {"type": "PropertyValue", "name": str(field.get("name", "")), "value": shown}


# Theirs


class ParsedKey(Struct, frozen=True):
    """A public key that an actor lists as its own; `federation.keys.public_key` reads `public`."""

    uri: str
    kind: KeyKind
    public: str


class ParsedActor(Struct, frozen=True):
    """What a document says of an actor, checked; texts are clean, addresses are of the actor's own origin.

    `card` is what a person proved about itself (B2B-4); `vouches` what a group says of itself (TRUST-6).
    """

    actor: RemoteActor
    keys: tuple[ParsedKey, ...]
    is_group: bool
    implements_rfc9421: bool
    is_suspended: bool = False
    vouches: bool = False
    card: bytes | None = None


def parse(document: Document, *, insecure_hosts: tuple[str, ...]) -> ParsedActor:
    """Read an actor from elsewhere (ACT-1, R-19 to R-21). Whether its handle is true is WebFinger's to say.

    Raises:
        NotAnActor: no id, type, name or inbox that we could use.
        WrongOrigin: its inbox or one of its collections is on another server.
    """
    uri = document.get("id")
    if not isinstance(uri, str):
        raise NotAnActor(reason="id")
    try:
        checked_url(uri, insecure=insecure_hosts)
    except BadUrl as error:
        raise NotAnActor(reason="id", detail=error.facts.get("reason")) from None
    type = _known_type(document)
    addresses = {name: _own_address(document, uri, name, insecure_hosts) for name in _ADDRESSES}
    inbox = addresses["inbox"]
    if inbox is None:
        raise NotAnActor(reason="inbox", id=uri)
    page = members.page_of(document.get("url"), insecure_hosts=insecure_hosts)
    told = RemoteActor(
        uri=uri,
        type=type,
        host=host_of(uri),
        username=_username(document, uri, type),
        url=page if page is not None and host_of(page) == host_of(uri) else uri,
        inbox=inbox,
        shared_inbox=_shared_inbox(document, uri, insecure_hosts),
        outbox=addresses["outbox"],
        followers_uri=addresses["followers"],
        following_uri=addresses["following"],
        featured_uri=addresses["featured"],
        moderators_uri=_moderators(document, uri) if type is ActorType.GROUP else None,
        display_name=members.line(document.get("name"), limit=NAME_LIMIT),
        about_html=members.html(document.get("summary"), limit=ABOUT_LIMIT * _MARKUP),
        fields=_fields(document),
        avatar_url=members.picture_of(document.get("icon"), insecure_hosts=insecure_hosts),
        header_url=members.picture_of(document.get("image"), insecure_hosts=insecure_hosts),
        emoji=members.emoji_of(document.get("tag"), insecure_hosts=insecure_hosts, most=_EMOJI),
        is_locked=document.get("manuallyApprovesFollowers") is True,
        is_discoverable=document.get("discoverable") is True,
        also_known_as=[
            name
            for name in ids_of(document.get("alsoKnownAs"))[:_OTHER_NAMES]
            if members.is_address(name, insecure_hosts=insecure_hosts)
        ],
        moved_to=members.checked_id(document.get("movedTo"), insecure_hosts=insecure_hosts),
    )
    return ParsedActor(
        actor=told,
        keys=tuple(_keys(document, uri)),
        is_group=type is ActorType.GROUP,
        implements_rfc9421=_implements(document, RFC9421),
        is_suspended=document.get("suspended") is True,
        vouches=type is ActorType.GROUP and document.get("vouching") is True,
        card=card.proven_in(document, now=now(), insecure_hosts=insecure_hosts),
    )


_TYPES = frozenset(str(type) for type in ActorType)
_ADDRESSES = ("inbox", "outbox", "followers", "following", "featured")


def _known_type(document: Document) -> ActorType:
    for name in types_of(document):
        if name in _TYPES:
            return ActorType(name)
    raise NotAnActor(reason="type")


def _username(document: Document, uri: str, type: ActorType) -> str:
    name = document.get("preferredUsername")
    if not isinstance(name, str):
        raise NotAnActor(reason="name", id=uri)
    if _NAME.fullmatch(name) or (type is ActorType.APPLICATION and name.lower() == host_of(uri)):
        return name
    raise NotAnActor(reason="name", id=uri)  # nothing that looks like another host or runs backwards


def _own_address(document: Document, uri: str, name: str, insecure_hosts: tuple[str, ...]) -> str | None:
    address = members.checked_id(document.get(name), insecure_hosts=insecure_hosts)
    if address is not None and not same_origin(address, uri):  # third parties are not our targets
        raise WrongOrigin(member=name, id=uri)
    return address


def _shared_inbox(document: Document, uri: str, insecure_hosts: tuple[str, ...]) -> str | None:
    endpoints = document.get("endpoints")
    value = endpoints.get("sharedInbox") if isinstance(endpoints, dict) else None
    address = members.checked_id(value or document.get("sharedInbox"), insecure_hosts=insecure_hosts)
    return address if address is not None and same_origin(address, uri) else None


def _moderators(document: Document, uri: str) -> str | None:
    for name in ("moderators", "attributedTo"):
        value = document.get(name)
        if isinstance(value, str) and same_origin(value, uri):
            return value
    return None


def _fields(document: Document) -> list[dict[str, Any]]:
    found = []
    for item in as_list(document.get("attachment")):
        if isinstance(item, dict) and "PropertyValue" in types_of(item):
            name = members.line(item.get("name"), limit=200)
            found.append({"name": name, "value": members.stripped(item.get("value"), limit=500)})
    return found[:_FIELDS]


def _keys(document: Document, uri: str) -> list[ParsedKey]:
    """Keys that the actor owns and lists, of its own origin (R-05, SIG-27); others are passed over."""
    found: dict[str, ParsedKey] = {}
    for entry in as_list(document.get("publicKey"))[:_KEYS]:
        if not isinstance(entry, dict) or id_of(entry.get("owner")) != uri:
            continue
        key_id, pem = entry.get("id"), entry.get("publicKeyPem")
        if not isinstance(key_id, str) or not isinstance(pem, str) or not same_origin(key_id, uri):
            continue
        try:
            key = load_public_key(pem)
        except BadKey:
            continue
        kind = _kind(key)
        if kind is not None:
            found[key_id] = ParsedKey(key_id, kind, public_pem(key))
    for key_id, key in assertion_keys(document).items():
        kind = _kind(key)
        if kind is not None and key_id not in found:
            found[key_id] = ParsedKey(key_id, kind, encode_key(key))  # type: ignore[arg-type]
    return list(found.values())


def _kind(key: PublicKey) -> KeyKind | None:
    if isinstance(key, RSAPublicKey):
        return KeyKind.RSA
    return KeyKind.ED25519 if isinstance(key, Ed25519PublicKey) else None


def _implements(document: Document, what: str) -> bool:
    """FEP-844e: on the actor's generator, or on an Application itself; entries are addresses or objects."""
    for holder in (document, document.get("generator")):
        if not isinstance(holder, dict):
            continue
        for entry in as_list(holder.get("implements")):
            address = entry.get("href") or entry.get("id") if isinstance(entry, dict) else entry
            if address == what:
                return True
    return False
