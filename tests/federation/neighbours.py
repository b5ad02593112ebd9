"""Servers that talk to one another in a test: ours, and small ones of others with real sockets and real signatures."""

import asyncio
import copy
import functools
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from multidict import CIMultiDict
from sqlalchemy import select

import federation.routes
from federation.addresses import AddressRules
from federation.documents import actor as documents
from federation.documents.envelope import proven
from federation.fetch import Fetcher
from federation.inbox import Processor
from federation.keys import KeyRing, OwnKeys
from federation.signatures import sign
from federation.signatures.keys import public_pem
from federation.signatures.multikey import encode_key
from federation.trust.actors import keep_parsed
from federation.vocabulary import ACCEPT, AS_JSON, PUBLIC
from federation.wire import WIRE, AuthorizedFetch, Wire
from models import groups, partners
from models.database import Database
from models.errors import NotFound
from models.instance import Instance, Mode
from models.tables import (
    Actor,
    AuditLine,
    Group,
    JournalEntry,
    LedgerLine,
    Level,
    Post,
    Reach,
    Received,
    Role,
)
from tests.keys import ed25519, rsa
from tests.ports import listening
from tests.world import Person, hire, met

LOCAL = ("*.localhost",)
LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


_LAST_RECEIVED = select(Received).order_by(Received.id.desc()).limit(1)


@functools.cache
def _all_of(table: Any) -> Any:
    return select(table).order_by(table.id)


@asynccontextmanager
async def _serving(app: web.Application, at: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, at).start()
    try:
        yield
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Answered:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def told(self) -> tuple[int, bytes, dict[str, str]]:
        """All that somebody outside can compare; the time of day is no secret."""
        return self.status, self.body, {k: v for k, v in self.headers.items() if k.lower() != "date"}


@dataclass(slots=True)
class Home:
    """Our server: the company Lovelace, with nobody in it yet but Alan, its admin."""

    database: Database
    app: web.Application
    wire: Wire
    port: int
    alan: Person
    processor: Processor
    client: aiohttp.ClientSession

    @property
    def instance(self) -> Instance:
        return self.database.instance

    def url(self, path: str) -> str:
        return self.instance.url(path)

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        body: Any = None,
    ) -> Answered:
        """Ask over a real socket; `path` may be an address of ours too, and a header may be there twice."""
        path = path.removeprefix(self.instance.base_url)
        sent = CIMultiDict(headers)
        sent.setdefault("Host", self.instance.host)
        async with self.client.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=sent, data=body, allow_redirects=False
        ) as answer:
            return Answered(answer.status, dict(answer.headers), await answer.read())

    async def get(self, path: str, *, accept: str = ACCEPT) -> Answered:
        """Ask without saying who."""
        return await self.request("GET", path, headers={"Accept": accept})

    @property
    def news(self) -> tuple[int, ...]:
        """How often anybody was told that there is something to do."""
        return self.database.changed.count, self.database.queued.count, self.database.arrived.count

    async def works(self) -> int:
        """Deal with what came in."""
        return await self.processor.drain()

    async def admits(self, peer: "Peer", **levels: Level) -> None:
        async with self.database.writing() as session:
            await partners.admit(session, peer.host, levels=levels, name=peer.name)

    async def suspends(self, peer: "Peer") -> None:
        async with self.database.writing() as session:
            await partners.suspend(session, peer.host)

    async def hires(self, name: str, role: Role = Role.STAFF) -> Person:
        return await hire(self.database, name, role)

    async def founds(self, name: str, reach: Reach, **more: Any) -> Group:
        return await self.alan.founds(name, reach=reach, **more)

    async def actor(self, which: int | str) -> Actor:
        """An actor by its id here or its uri."""
        async with self.database.reading() as session:
            column = Actor.id if isinstance(which, int) else Actor.uri
            return (await session.scalars(select(Actor).where(column == which))).one()

    async def rows(self, table: Any) -> list[Any]:
        """All rows of a table by id."""
        async with self.database.reading() as session:
            return list(await session.scalars(_all_of(table)))

    async def outcome(self) -> str:
        """How the last activity that came ended."""
        async with self.database.reading() as session:
            row = (await session.scalars(_LAST_RECEIVED)).one()
        return f"{row.state}: {row.outcome}"

    async def posts(self) -> list[Post]:
        return await self.rows(Post)

    async def entries(self, kind: str) -> list[dict[str, Any]]:
        """What the journal says of one kind."""
        return [row.facts for row in await self.rows(JournalEntry) if row.kind == kind]

    async def ledger(self) -> list[str]:
        return [f"{row.outcome} {row.what} {row.rule}" for row in await self.rows(LedgerLine)]

    async def audit(self, action: str) -> list[AuditLine]:
        return [row for row in await self.rows(AuditLine) if row.action == action]

    async def joins(self, peer_actor: "PeerActor", group: Group) -> None:
        """Let somebody elsewhere, whom we know by a signature of theirs, into a group of ours."""
        async with self.database.writing() as session:
            from models import actors

            actor = await actors.by_uri(session, peer_actor.id)
            assert actor is not None
            await groups.receive_join(session, await session.get_one(Group, group.id), actor, uri=f"{actor.uri}/join")


async def _page(request: web.Request) -> web.Response:
    """Stands where the pages are: it asks the wire first, as they do, and has nothing of its own."""
    return await federation.routes.activity_response(request) or web.Response(status=404, text="No page")


def wire_of(database: Database, **settings: Any) -> Wire:
    """What a server of ours is made of, without a client for requests."""
    return Wire(database=database, keys=KeyRing(b"s" * 32), **{"fetcher": None, "insecure_hosts": LOCAL, **settings})


async def known_by(wire: Wire, *people: "PeerActor") -> None:
    """Let a server of ours know people elsewhere, with the keys that they sign with."""
    async with wire.database.writing() as session:
        for person in people:
            parsed = documents.parse(person.document, insecure_hosts=LOCAL)
            await keep_parsed(session, wire, parsed, confirmed=(person.key_id,))


@asynccontextmanager
async def home(
    database_url: str,
    *,
    name: str = "lovelace",
    mode: Mode = Mode.PARTNERS,
    authorized_fetch: AuthorizedFetch = AuthorizedFetch.SIGNED,
    insecure: tuple[str, ...] = LOCAL,
    port: int = 0,
    **settings: Any,
) -> AsyncIterator[Home]:
    """Our server, listening; Alan is hired if he is not there."""
    at, port = listening(port)
    instance = Instance(base_url=f"http://{name}.localhost:{port}", name=name.title(), mode=mode)
    database = Database(database_url, instance=instance)
    rules = AddressRules(insecure_hosts=insecure, allowed_networks=(ip_network("127.0.0.0/8"),))
    async with (
        Fetcher(rules, base_url=instance.base_url) as fetcher,
        aiohttp.ClientSession(
            skip_auto_headers=("Content-Type", "Accept", "Accept-Encoding"), cookie_jar=aiohttp.DummyCookieJar()
        ) as client,
    ):
        wire = wire_of(
            database, fetcher=fetcher, authorized_fetch=authorized_fetch, insecure_hosts=insecure, **settings
        )
        app = web.Application()
        app[WIRE] = wire
        federation.routes.setup(app)
        app.router.add_get("/{kind:people|groups|posts}/{name}", _page)
        async with _serving(app, at):
            try:
                alan = await _alan(database)
                yield Home(database, app, wire, port, alan, Processor(wire), client)
            finally:
                await database.close()


async def _alan(database: Database) -> Person:
    try:
        return await met(database, "alan")
    except NotFound:
        return await hire(database, "alan", Role.ADMIN)


@dataclass(slots=True)
class PeerActor:
    """Somebody on another server, with keys of their own."""

    peer: "Peer"
    document: dict[str, Any]
    number: int

    @property
    def ed25519(self) -> Any:
        return ed25519(f"{self.id} {self.number}")

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def key_id(self) -> str:
        return f"{self.id}#main-key"

    @property
    def own_keys(self) -> OwnKeys:
        return OwnKeys(
            self.key_id, rsa(self.number), public_pem(rsa(self.number)),
            f"{self.id}#ed25519-key", self.ed25519, encode_key(self.ed25519.public_key()),
        )  # fmt: skip

    def headers(self, method: str, url: str, body: bytes = b"", **more: Any) -> dict[str, str]:
        """The headers of a signed request."""
        more = {"key_id": self.key_id, "private_key": rsa(self.number), "now": datetime.now(UTC), **more}
        return sign(method, url, body, **more)

    async def posts(
        self,
        to: Home,
        document: dict[str, Any] | bytes,
        *,
        inbox: str = "/inbox",
        change: Mapping[str, str | None] | None = None,
        **more: Any,
    ) -> Answered:
        """Deliver an activity; `change` alters headers after signing, None takes one out."""
        body = document if isinstance(document, bytes) else msgspec.json.encode(document)
        inbox = inbox.removeprefix(to.instance.base_url)
        headers: dict[str, str | None] = {**self.headers("POST", to.url(inbox), body, **more), **(change or {})}
        kept = {name: value for name, value in headers.items() if value is not None}
        return await to.request("POST", inbox, headers=kept, body=body)

    async def sends(self, to: Home, document: dict[str, Any] | bytes, **more: Any) -> str:
        """Deliver an activity and let it be dealt with; how it ended there."""
        answer = await self.posts(to, document, **more)
        assert answer.status == 202, (answer.status, answer.body)
        await to.works()
        return await to.outcome()

    async def gets(self, of: Home, path: str, *, accept: str = ACCEPT, **more: Any) -> Answered:
        path = path.removeprefix(of.instance.base_url)
        return await of.request("GET", path, headers=self.headers("GET", of.url(path), accept=accept, **more))

    def proves(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document with a proof by this actor."""
        return proven(document, by=self.own_keys, at=datetime.now(UTC))

    def note(self, name: str, text: str = "Good day", /, **more: Any) -> dict[str, Any]:
        """A public note of this actor, which the server also serves."""
        note = {
            "id": f"{self.peer.base_url}/notes/{name}",
            "type": "Note",
            "attributedTo": self.id,
            "content": f"<p>{text}</p>",
            "to": [PUBLIC],
            "cc": [],
            "published": "2026-02-01T10:00:00Z",
            **more,
        }
        self.peer.serve(note)
        return note

    def does(self, type: str, object: Any, /, **more: Any) -> dict[str, Any]:
        """An activity of this actor with a new id."""
        self.peer.count += 1
        activity = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"{self.peer.base_url}/activities/{self.peer.count}",
            "type": type,
            "actor": self.id,
            "object": object,
            **more,
        }
        for name in ("to", "cc", "audience"):
            if isinstance(object, dict) and name in object:
                activity.setdefault(name, object[name])
        return activity


@dataclass(slots=True)
class Peer:
    """A server of somebody else. It serves what it is given, and notes what it is asked for.

    `guard` may answer a request before that.
    """

    name: str
    port: int
    documents: dict[str, tuple[int, bytes, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    count: int = 0
    guard: Callable[[web.Request], web.Response | None] | None = None

    @property
    def host(self) -> str:
        return f"{self.name}.localhost:{self.port}"

    @property
    def base_url(self) -> str:
        return f"http://{self.host}"

    def serve(self, document: dict[str, Any], *, at: str | None = None, kind: str = AS_JSON, status: int = 200) -> None:
        """Have a document at its id, or at another path."""
        path = at or str(document["id"]).removeprefix(self.base_url)
        self.documents[path] = (status, msgspec.json.encode(document), kind)

    def removes(self, uri: str, *, status: int = 410) -> None:
        self.documents[uri.removeprefix(self.base_url)] = (status, b"", "text/plain")

    def person(self, name: str, *, number: int = 0, type: str = "Person", **more: Any) -> PeerActor:
        """Somebody here, known to WebFinger, who signs with key number `number`."""
        uri = f"{self.base_url}/users/{name}"
        actor = PeerActor(self, {"id": uri}, number)
        actor.document = {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": uri,
            "type": type,
            "preferredUsername": name,
            "name": name.title(),
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "followers": f"{uri}/followers",
            "endpoints": {"sharedInbox": f"{self.base_url}/inbox"},
            "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": public_pem(rsa(number))},
            "assertionMethod": [
                {
                    "id": f"{uri}#ed25519-key",
                    "type": "Multikey",
                    "controller": uri,
                    "publicKeyMultibase": encode_key(actor.ed25519.public_key()),
                }
            ],
            **more,
        }
        self.serve(actor.document)
        self.serve(
            {
                "subject": f"acct:{name}@{self.host}",
                "links": [{"rel": "self", "type": AS_JSON, "href": uri}],
            },
            at=f"/.well-known/webfinger?resource=acct:{name}@{self.host}",
            kind="application/jrd+json",
        )
        return actor

    def group(self, name: str, **more: Any) -> PeerActor:
        more = {"manuallyApprovesFollowers": False, **more}
        return self.person(name, type="Group", attributedTo=f"{self.base_url}/users/{name}/moderators", **more)

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.raw_path
        self.asked.append(path)
        self.headers.append(request.headers)
        if "Signature" in request.headers:
            self.signed.append(path)
        if self.guard is not None and (refused := self.guard(request)) is not None:
            return refused
        if path in self.silent:
            await self.over.wait()
        if path in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[path]})
        status, body, kind = self.documents.get(path, (404, b"", "text/plain"))
        return web.Response(status=status, body=body, headers={"Content-Type": kind})


@asynccontextmanager
async def peer(name: str, *, port: int = 0) -> AsyncIterator[Peer]:
    """Another server, listening."""
    at, port = listening(port)
    made = Peer(name, port)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made._answer)
    async with _serving(app, at):
        try:
            yield made
        finally:
            made.over.set()


def altered(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A deep copy with members replaced; None takes one out, `a__b` reaches into a."""
    changed = copy.deepcopy(document)
    for path, value in changes.items():
        *where, name = path.split("__")
        inner = changed
        for step in where:
            inner = inner[step]
        if value is None:
            inner.pop(name, None)
        else:
            inner[name] = value
    return changed
