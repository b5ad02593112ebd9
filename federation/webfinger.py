"""WebFinger, both ways (RFC 7033): who of ours has that name, and which actor a name elsewhere leads to.

It is asked without a signature by everybody, so it tells only what the world may know, and the names of those
who deal with microblogs; an admitted server that signs is told of whom it may know as well (DISC-7).
"""

import re
from urllib.parse import quote, urlsplit

from aiohttp import web
from msgspec import Struct
from sqlalchemy import ColumnElement

from federation import trust
from federation.answers import FOR_ALL, PRIVATE, PUBLIC, json, not_found, plain
from federation.errors import ProtocolError
from federation.fetch import FetchFailed
from federation.trust.admission import FETCHES_PER_MINUTE, TooManyFetches
from federation.vocabulary import (
    AS_JSON,
    BadJson,
    BadUrl,
    Document,
    as_list,
    checked_url,
    host_matches,
    is_activity_media_type,
    parse_json,
)
from federation.wire import WIRE, Wire
from models import actors, policy
from models.instance import Instance
from models.tables import Actor, ActorType
from models.text.clean import fold_username
from models.viewers import ANONYMOUS, Anonymous, Viewer

JRD = "application/jrd+json"
MAX_BYTES = 65_536
_SELF = "self"
_SERVICE = "https://www.w3.org/ns/activitystreams#Service"
_PROFILE = "http://webfinger.net/rel/profile-page"
_SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
_LONGEST = 2048
_RESOURCE = re.compile(r"[!-~]+")


# Asked of us


async def answer(request: web.Request) -> web.Response:
    """`GET /.well-known/webfinger?resource=…` (DISC-1 to DISC-4)."""
    wire = request.app[WIRE]
    asked = request.query.getall("resource", [])
    if len(asked) != 1 or not 0 < len(asked[0]) <= _LONGEST:
        return plain(400)
    instance = wire.database.instance
    wanted = _named(asked[0].strip(), instance)
    if wanted is None:
        return not_found(request)
    asker: Viewer = ANONYMOUS
    if isinstance(wanted, _Server):
        actor: Actor | None = await server_actor(wire)
    else:
        actor = await _visible(wire, asker, wanted)
        if actor is None:
            # only now: whoever fetches our key while we fetch theirs would wait for us, and we for them
            asker = await trust.guest(request, wire)
            actor = await _visible(wire, asker, wanted)
    if actor is None:
        return not_found(request)
    document = _describe(actor, instance)
    relations = set(request.query.getall("rel", []))
    if relations:
        document["links"] = [link for link in as_list(document["links"]) if _rel(link) in relations]
    is_for_all = isinstance(asker, Anonymous)
    found = json(document, JRD, cache=PUBLIC if is_for_all else PRIVATE)
    found[FOR_ALL] = is_for_all
    return found


async def _visible(wire: Wire, asker: Viewer, wanted: ColumnElement[bool]) -> Actor | None:
    findable = policy.findable_actors(asker, wire.database.instance.mode)
    async with wire.database.reading() as session:
        return await session.scalar(findable.where(Actor.host == "", wanted))


def _rel(link: object) -> object:
    return link.get("rel") if isinstance(link, dict) else None


class _Server:
    """Stands for the server itself, which is asked for by its address or as host@host."""


_SERVER = _Server()


def _named(resource: str, instance: Instance) -> "ColumnElement[bool] | _Server | None":
    """What `resource` names, as a condition on `Actor`; None for what cannot be ours (DISC-2)."""
    if not _RESOURCE.fullmatch(resource):
        return None
    if "://" in resource:
        if resource.rstrip("/") == instance.base_url or resource == instance.url("/ap/instance"):
            return _SERVER
        return (Actor.uri == resource) | (Actor.url == resource)
    handle = resource[5:] if resource[:5].lower() == "acct:" else resource
    name, _, host = handle.removeprefix("@").rpartition("@")
    if host.lower() != instance.host or not name:
        return None
    if name.lower() == instance.host:
        return _SERVER
    return Actor.username_key == fold_username(name)


def _describe(actor: Actor, instance: Instance) -> Document:
    links: list[object] = [
        {"rel": _SELF, "type": AS_JSON, "href": actor.uri},
        {"rel": _PROFILE, "type": "text/html", "href": actor.url},
        {"rel": _SUBSCRIBE, "template": instance.url("/search?q={uri}")},
    ]
    if actor.type is ActorType.APPLICATION:
        links.append({"rel": _SERVICE, "type": AS_JSON, "href": actor.uri})
    return {
        "subject": f"acct:{actor.username}@{instance.host}",
        "aliases": [actor.url, actor.uri],
        "links": links,
    }


async def server_actor(wire: Wire) -> Actor:
    """Our instance actor, made when nobody needed it before."""
    async with wire.database.reading() as session:
        found = await actors.by_uri(session, wire.database.instance.url("/ap/instance"))
    if found is not None:
        return found
    async with wire.database.writing() as session:
        return await actors.instance_actor(session)


async def host_meta(request: web.Request) -> web.Response:
    """`GET /.well-known/host-meta`: where WebFinger is, for old peers (DISC-10, RFC 6415)."""
    template = _template(request.app[WIRE].database.instance)
    return web.Response(
        body=(
            '<?xml version="1.0" encoding="UTF-8"?>\n<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">'
            f'<Link rel="lrdd" type="{JRD}" template="{template}"/></XRD>\n'
        ).encode(),
        headers={
            "Content-Type": "application/xrd+xml; charset=utf-8",
            "Cache-Control": PUBLIC,
            "Access-Control-Allow-Origin": "*",
        },
    )


async def host_meta_json(request: web.Request) -> web.Response:
    """The same as a JRD."""
    template = _template(request.app[WIRE].database.instance)
    return json({"links": [{"rel": "lrdd", "type": JRD, "template": template}]}, JRD)


def _template(instance: Instance) -> str:
    return instance.url("/.well-known/webfinger?resource={uri}")


# Asked by us


class NobodyThere(ProtocolError):
    """Nobody has that name there."""

    code = "nobody_there"
    status = 404


class Resource(Struct, frozen=True):
    """What a server says of a name: the name it calls right, as user@host, and the id of its actor."""

    subject: str
    actor_uri: str


async def look_up(wire: Wire, name: str, host: str) -> Resource:
    """Ask `host` whom the handle name@host leads to (DISC-8).

    Raises:
        NotAdmitted: we do not talk with that host, or were sent on to one. TooManyFetches: try again later.
        NobodyThere: it knows no actor of that name. FetchRefused, FetchFailed, BadJson: it did not answer properly.
    """
    url = f"{scheme(wire, host)}://{host}/.well-known/webfinger?resource={quote(f'acct:{name}@{host}', safe=':@')}"
    at = checked_url(url, insecure=wire.insecure_hosts)
    own = wire.database.instance.host
    async with wire.database.reading() as session:
        await trust.admit(session, at.origin.authority)
        admitted = await policy.admission(session)
    if wire.memory.fetches.take(at.origin.authority, per_minute=FETCHES_PER_MINUTE, burst=FETCHES_PER_MINUTE) > 0:
        raise TooManyFetches(host=at.origin.authority)
    found = await wire.fetcher.get(
        url,
        accept=f"{JRD}, application/json",
        signer=await wire.keys.instance_signer(wire.database),
        admit=lambda hop: hop.origin.authority != own and admitted(hop.origin.authority),
        max_bytes=MAX_BYTES,
    )
    if found.status in (404, 410):
        raise NobodyThere(host=host)
    if found.status != 200:
        raise FetchFailed(reason="status", http_status=found.status, host=host)
    return _read(parse_json(found.body, max_bytes=MAX_BYTES), wire)


def scheme(wire: Wire, host: str) -> str:
    """https, but for hosts that the configuration lets us reach without it."""
    parts = urlsplit(f"//{host}")
    try:
        port = parts.port or 80
    except ValueError:
        raise BadUrl(reason="port") from None
    return "http" if host_matches((parts.hostname or "").lower(), port, wire.insecure_hosts) else "https"


def _read(document: Document, wire: Wire) -> Resource:
    subject = document.get("subject")
    if not isinstance(subject, str) or subject[:5].lower() != "acct:" or "@" not in subject:
        raise BadJson(reason="subject")
    for link in as_list(document.get("links")):
        if not isinstance(link, dict) or link.get("rel") != _SELF:
            continue
        kind, href = link.get("type"), link.get("href")
        if isinstance(kind, str) and isinstance(href, str) and is_activity_media_type(kind):
            checked_url(href, insecure=wire.insecure_hosts)
            return Resource(subject[5:], href)
    raise NobodyThere(reason="no_actor")
