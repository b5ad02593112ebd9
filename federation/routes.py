"""The addresses of the wire, and what is found there by whom.

Every look-up begins at the policy with whoever signed the request. What that leaves out is answered like what never
existed (R-71); what the whole world may know is still told only to those who sign, where the settings ask for that.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from aiohttp import web
from msgspec import Struct
from multidict import CIMultiDict
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from federation import (
    collections,
    decisions,
    inbox,
    nodeinfo,
    peers,
    questions,
    repeats,
    signatures,
    stamps,
    trust,
    webfinger,
)
from federation.answers import PRIVATE, PUBLIC, activity_json, not_found, plain
from federation.documents import actor as actor_documents
from federation.documents import card as cards
from federation.documents import post as post_documents
from federation.documents.envelope import with_context
from federation.documents.refusals import StaysHere
from federation.questions import Asker
from federation.vocabulary import Document, accepts_activity, format_date
from federation.wire import WIRE, AuthorizedFetch, Wire
from models import actors, audit, copies, emoji, introductions, policy, prepared, quotes
from models.base import now
from models.tables import Actor, ActorType, ConsentState, Group, Post
from models.viewers import ANONYMOUS, Anonymous, RemoteViewer, Viewer


class Found(Struct, frozen=True, kw_only=True):
    """What is there. `is_public` says that the whole world may know it; `page` is where people read it.

    `unsigned` is what somebody who does not sign gets of it where a signature is asked for; None means the challenge.
    """

    document: Document
    is_public: bool
    status: int = 200
    page: str | None = None
    unsigned: Document | None = None


_GRANTED_BY = web.ResponseKey("granted by", str)
"""The rule by which another server got this answer, which it may get again."""
_Question = Callable[[Viewer], Select[Post]]
Lookup = Callable[[web.Request, Wire, Asker], Awaitable[Found | None]]
Handler = Callable[[web.Request], Awaitable[web.Response]]


def setup(app: web.Application) -> None:
    """Add all routes of the wire; `app[WIRE]` must be there when requests come."""
    add_addresses(app.router)


def add_addresses(router: web.UrlDispatcher) -> None:
    """Add the addresses of the wire to `router`; they say nothing of one application."""
    get, post = router.add_get, router.add_post
    get("/.well-known/webfinger", webfinger.answer)
    get("/.well-known/host-meta", webfinger.host_meta)
    get("/.well-known/host-meta.json", webfinger.host_meta_json)
    get("/.well-known/nodeinfo", nodeinfo.index)
    get("/nodeinfo/{version}", nodeinfo.document)
    get("/ap/instance", show_server)
    get("/ap/instance/{collection:[a-z]+}", show_servers_collection)
    get("/ap/{shelf:[ug]}/{key:[0-9a-z]+}", _answering(show_actor))
    get("/ap/{shelf:[ug]}/{key:[0-9a-z]+}/{collection:[a-z]+}", _answering(show_collection))
    get("/ap/g/{key:[0-9a-z]+}/members/{member:[0-9a-f]{64}}", _answering(show_card))
    get("/ap/o/{key:[0-9a-z]+}", _answering(show_object))
    get("/ap/o/{key:[0-9a-z]+}/{collection:[a-z]+}", _answering(show_objects_collection))
    get("/ap/q/{key:[0-9a-z]+}", _answering(show_stamp))
    get("/ap/x/{key:[0-9a-z]+}", _answering(show_activity))
    get("/ap/t/{key:[0-9a-z]+}", _answering(show_thread))
    get("/ap/t/{key:[0-9a-z]+}/history", _answering(show_thread_history))
    post("/inbox", inbox.receive)
    post("/ap/instance/inbox", inbox.receive)
    post("/ap/{shelf:[ug]}/{key:[0-9a-z]+}/inbox", inbox.receive)
    get("/ap/{rest:.*}", _nothing)


def _answering(look_up: Lookup) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return await _answer(request, look_up)

    return handler


async def _nothing(request: web.Request) -> web.Response:
    return not_found(request)


async def _answer(request: web.Request, look_up: Lookup) -> web.Response:
    """What is found, given again as it was where the same key asks the same before anything changed."""
    wire = request.app[WIRE]
    known = _recognised(request, wire)
    if known is None:
        return await _answer_anew(request, wire, look_up)
    asked = repeats.question(request.raw_path, request.headers.get("Accept"), known)
    moment = await wire.database.moment()
    again = wire.memory.repeats.get(asked, moment)
    if again is not None:
        await peers.note_life(wire, known.host)
        _note(request, wire, audit.ANSWERED, known.host, again.rule)
        return web.Response(body=again.body, headers=again.headers)
    answer = await _answer_anew(request, wire, look_up)
    rule = answer.get(_GRANTED_BY)
    if rule is not None and isinstance(answer.body, bytes):
        kept = repeats.Repeated(answer.body, CIMultiDict(answer.headers), rule)
        wire.memory.repeats.keep(asked, moment, kept)
    return answer


def _recognised(request: web.Request, wire: Wire) -> trust.KnownKey | None:
    """Whose good signature a request carries, as far as that is known without asking anybody."""
    received = trust.received_request(request, wire)
    if not signatures.is_signed(received):
        return None
    try:
        parsed = trust.parse(wire, received)
    except signatures.SignatureRefused:
        return None
    return trust.recognise(wire, parsed)


async def _answer_anew(request: web.Request, wire: Wire, look_up: Lookup) -> web.Response:
    try:
        asker = await trust.viewer(request, wire)
    except web.HTTPUnauthorized as refused:
        _decided(request, wire, audit.TURNED_AWAY, ANONYMOUS, "SIG-34")
        return _plainly(refused)
    if isinstance(asker, RemoteViewer) and not asker.is_admitted:
        _decided(request, wire, audit.TURNED_AWAY, asker, "B2B-2")
        return not_found(request)
    try:
        found = await look_up(request, wire, asker)
    except collections.NothingToAsk as error:
        return plain(error.status)
    if found is None:
        _decided(request, wire, audit.TURNED_AWAY, asker, "R-71")
        return not_found(request)
    rule = "SIG-32" if found.is_public else "SIG-33"
    if isinstance(asker, RemoteViewer):
        _decided(request, wire, audit.ANSWERED, asker, rule)
    if found.page is not None and not accepts_activity(request.headers.get("Accept"), has_page=False):
        return web.Response(status=303, headers={"Location": found.page, "Cache-Control": PRIVATE, "Vary": "Accept"})
    answer = _shown(wire, asker, found)
    if isinstance(asker, RemoteViewer) and answer.status == 200:
        answer[_GRANTED_BY] = rule
    return answer


def _decided(request: web.Request, wire: Wire, action: str, asker: Asker, rule: str) -> None:
    """B2B-5: who asked for what, and got it or not; what strangers guess at unsigned is not worth a line."""
    _note(request, wire, action, asker.host if isinstance(asker, RemoteViewer) else "", rule)


def _note(request: web.Request, wire: Wire, action: str, host: str, rule: str) -> None:
    key_id = decisions.key_of(request.headers)
    if key_id:
        decisions.note(wire, action, host=host, rule=rule, key_id=key_id, path=request.path)


def _shown(wire: Wire, asker: Asker, found: Found) -> web.Response:
    if wire.authorized_fetch is AuthorizedFetch.OPEN:
        return activity_json(found.document, status=found.status, cache=PUBLIC if found.is_public else PRIVATE)
    if isinstance(asker, RemoteViewer) or found.status == 410:
        return activity_json(found.document, status=found.status)
    if found.unsigned is None or wire.authorized_fetch is AuthorizedFetch.ALLOWLIST:
        return _plainly(trust.challenge())
    return activity_json(found.unsigned)


def _plainly(refused: web.HTTPException) -> web.Response:
    """The same as an ordinary answer, so that nobody dresses it up as a page."""
    headers = {name: value for name, value in refused.headers.items() if name.lower() != "content-type"}
    return web.Response(status=refused.status, text=refused.text, headers=headers)


def _own_url(request: web.Request, wire: Wire, *, without: str = "") -> str:
    return wire.database.instance.url(request.path.removesuffix(without))


async def activity_response(request: web.Request) -> web.Response | None:
    """The ActivityPub form of a page (`/people/…`, `/groups/…`, `/posts/…`), for who asks for that rather than HTML.

    None for browsers (HTTP-1): the page itself is to answer, with `Vary: Accept` (R-76).
    """
    if not accepts_activity(request.headers.get("Accept")):
        return None
    if "\0" in request.path:
        return not_found(request)
    return await _answer(request, _behind_page)


async def _behind_page(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    url = _own_url(request, wire)
    async with wire.database.reading() as session:
        actor = await prepared.find(session, asker, questions.actor_behind, url=url)
    if actor is not None:
        return await _actor(wire, asker, actor.uri)
    return await _object(wire, asker, questions.own_post_behind, questions.withdrawn_behind, url=url)


# Actors


async def show_server(request: web.Request) -> web.Response:
    """Our instance actor, for everybody without a signature, or two careful servers could never meet (DISC-15)."""
    wire = request.app[WIRE]
    actor = await webfinger.server_actor(wire)
    own_keys = await wire.keys.ensure(wire.database, actor.id)
    document = actor_documents.render(actor, own_keys=own_keys, instance=wire.database.instance)
    return activity_json(document, cache=PUBLIC)


async def show_servers_collection(request: web.Request) -> web.Response:
    """Its collections, which are empty."""
    if request.match_info["collection"] not in ("outbox", "followers", "following", "featured"):
        return not_found(request)
    return activity_json(
        with_context(
            {
                "id": _own_url(request, request.app[WIRE]),
                "type": "OrderedCollection",
                "totalItems": 0,
                "orderedItems": [],
            }
        ),
        cache=PUBLIC,
    )


async def show_actor(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    return await _actor(wire, asker, _own_url(request, wire))


async def _actor(wire: Wire, asker: Asker, uri: str) -> Found | None:
    async with wire.database.reading() as session:
        actor = await prepared.find(session, asker, questions.actor_at, uri=uri)
        if actor is None:
            return None
        group = await session.get(Group, actor.id) if actor.type is ActorType.GROUP else None
        for_all = await prepared.find(session, ANONYMOUS, questions.actor_with, id=actor.id)
        pictures = await emoji.rows_of(session, actor)
    own_keys = await wire.keys.ensure(wire.database, actor.id)
    document = actor_documents.render(
        actor,
        own_keys=own_keys,
        instance=wire.database.instance,
        group=group,
        avatar=actor.avatar,
        header=actor.header,
        emoji=pictures,
    )
    if isinstance(asker, RemoteViewer) and group is None:  # for the groups they are members of (B2B-4)
        icon = document.get("icon")
        document[cards.MEMBER] = cards.render(
            actor,
            own_keys=own_keys,
            type=str(document["type"]),
            icon=icon if isinstance(icon, dict) else None,
            at=now(),
        )
    # ACT-3: of a person the world may have the key; a public group is there to be found
    unsigned = document if group is not None else actor_documents.render_stub(actor, own_keys=own_keys)
    return Found(document=document, is_public=for_all is not None, page=actor.url, unsigned=unsigned)


async def show_card(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    """Who somebody is whose words a group of ours passed on, for the servers of its other members (B2B-4)."""
    if not isinstance(asker, RemoteViewer):
        return None
    url, key = _own_url(request, wire), request.match_info["member"]
    async with wire.database.reading() as session:
        place = policy.visible_actors(asker).where(Actor.uri == url.removesuffix(f"/members/{key}"))
        actor = await session.scalar(place)
        group = await session.get(Group, actor.id) if actor is not None else None
        member = await introductions.member(session, asker, group, key) if group is not None else None
    if actor is None or group is None or member is None or (member.card is None and not group.vouches):
        return None
    described = (
        msgspec.json.decode(member.card, type=dict[str, object])
        if member.card is not None
        else cards.composed(member.actor, member.keys)
    )
    return Found(document=cards.handed_on(url, actor, described), is_public=False)


async def show_collection(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    name = request.match_info["collection"]
    url = _own_url(request, wire)
    async with wire.database.reading() as session:
        actor = await prepared.find(session, asker, questions.actor_at, uri=_own_url(request, wire, without=f"/{name}"))
        if actor is None:
            return None
        document = await collections.of_actor(session, asker, actor, name, url=url, query=request.query)
        for_all = await prepared.find(session, ANONYMOUS, questions.actor_with, id=actor.id)
    if document is None:
        return None
    return Found(document=with_context(document), is_public=for_all is not None)


# Posts


async def show_object(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    url = _own_url(request, wire)
    found = await _object(wire, asker, questions.own_post_at, questions.withdrawn_at, uri=url)
    return found or await _copy(wire, asker, url)


async def _copy(wire: Wire, asker: Asker, url: str) -> Found | None:
    """What a group says itself, for the servers to which it does (GRP-16)."""
    if isinstance(asker, Anonymous):
        return None
    async with wire.database.reading() as session:
        copy = await copies.by_uri(session, asker, url)
        if copy is None:
            gone = await copies.ended(session, asker, url)
            return _tombstone(url, gone.deleted_at) if gone is not None else None
        try:
            document = await post_documents.document_of(session, copy)
        except StaysHere:
            return None
    return Found(document=with_context(document), is_public=False)


async def _object(wire: Wire, asker: Asker, there: _Question, withdrawn: _Question, **at: str) -> Found | None:
    async with wire.database.reading() as session:
        post = await prepared.find(session, asker, there, **at)
        if post is None:
            gone = await prepared.find(session, asker, withdrawn, **at)
            return _tombstone(gone.uri, gone.deleted_at) if gone is not None else None
        leaving = await post_documents.gather(session, post)
        author = await prepared.find(session, asker, questions.actor_with, id=post.author_id)
    if author is None and isinstance(asker, RemoteViewer):  # whoever reads it must be able to see who wrote it
        async with wire.database.writing() as session:
            await actors.disclose(session, post.author_id, [asker.host])
    document = with_context(post_documents.render_leaving(leaving, wire.database.instance))
    return Found(document=document, is_public=leaving.is_public, page=post.url)


def _tombstone(uri: str, deleted_at: datetime | None) -> Found:
    document: Document = {
        "id": uri,
        "type": "Tombstone",
        "formerType": "Note",
        "deleted": format_date(deleted_at or now()),
    }
    return Found(document=with_context(document), is_public=False, status=410)


async def show_objects_collection(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    name = request.match_info["collection"]
    async with wire.database.reading() as session:
        post = await prepared.find(session, asker, questions.post_at, uri=_own_url(request, wire, without=f"/{name}"))
        if post is None:
            return None
        document = await collections.of_post(session, asker, post, name, query=request.query)
        for_all = await prepared.find(session, ANONYMOUS, questions.post_with, id=post.id)
    if document is None:
        return None
    return Found(document=with_context(document), is_public=for_all is not None)


async def show_stamp(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    """That an author of ours agreed to a quote, for those who may read what is quoted (POL-5); nothing once revoked."""
    url = _own_url(request, wire)
    async with wire.database.reading() as session:
        consent = await quotes.stamped(session, url)
        if consent is None or consent.state is not ConsentState.ACCEPTED:
            return None
        post = await session.scalar(
            policy.visible_posts(asker).where(Post.id == consent.target_id).options(joinedload(Post.author))
        )
        if post is None:
            return None
        for_all = await prepared.find(session, ANONYMOUS, questions.post_with, id=post.id)
    claim = stamps.Claim(
        type="QuoteAuthorization", author=post.author.uri, interaction=consent.uri, target=consent.target_uri
    )
    return Found(document=with_context(stamps.render(url, claim)), is_public=for_all is not None)


async def show_activity(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    """An activity of ours as it was sent, byte for byte (GEN-1)."""
    async with wire.database.reading() as session:
        activity = await prepared.find(session, asker, questions.activity_at, uri=_own_url(request, wire))
        if activity is None:
            return None
        for_all = await prepared.find(session, ANONYMOUS, questions.activity_at, uri=activity.uri)
    return Found(document=msgspec.json.decode(activity.body, type=dict[str, object]), is_public=for_all is not None)


async def show_thread_history(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    async with wire.database.reading() as session:
        uri = _own_url(request, wire, without="/history")
        document = await collections.of_thread_history(session, asker, uri)
    return Found(document=with_context(document), is_public=False) if document is not None else None


async def show_thread(request: web.Request, wire: Wire, asker: Asker) -> Found | None:
    async with wire.database.reading() as session:
        document = await collections.of_thread(session, asker, _own_url(request, wire))
        for_all = await collections.of_thread(session, ANONYMOUS, _own_url(request, wire))
    if document is None:
        return None
    return Found(document=with_context(document), is_public=for_all is not None)
