"""Web Push, from the subscription to what a real push service gets."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec.structs import force_setattr
from sqlalchemy import func, select

from federation.push import Pusher
from models import accounts, notifications, pushes, relations, tokens
from models.base import now
from models.instance import PushContent, PushRules
from models.posts import receiving
from models.posts.receiving import RemotePost
from models.tables import Actor, LedgerLine, Outcome, Push, PushSubscription, Visibility
from server.app import wire_of
from server.config import Config
from server.push import VAPID, public_key, writer
from tests.federation.test_push import App, claims_of
from tests.server.api.phone import Phone
from tests.time import Clock
from tests.world import NORTHWIND, World

SUBSCRIPTION = "/api/v1/push/subscription"


@pytest.fixture
def settings() -> str:
    """The push service of these tests is on this machine."""
    return 'private_networks = ["127.0.0.0/8"]\n[limits]\napi_requests = 0\n'


@dataclass
class Service:
    """A push service, with what it was sent; `status` is what it answers."""

    pusher: Pusher
    url: str = ""
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[Any, bytes]] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        self.got.append((request.headers, await request.read()))
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def service(app: web.Application, config: Config, world: World) -> AsyncIterator[Service]:
    wire = wire_of(config, world.database)
    made = Service(Pusher(wire, app[VAPID], writer(config)))
    site = web.Application()
    site.router.add_post("/to/{app}", made.receive)
    async with TestServer(site) as server, wire.fetcher:
        made.url = f"http://push.localhost:{server.port}/to/ada"
        yield made


async def settle(world: World, service: Service) -> list[tuple[Any, bytes]]:
    """Let everybody be told, and push; what the service got."""
    await world.settle()
    await pushes.CONSUMER.catch_up(world.database)
    await service.pusher.drain()
    return service.got


async def subscribe(phone: Phone, service: Service, app: App, *, standard: bool = True, **data: Any) -> dict[str, Any]:
    wanted = {"alerts": {"mention": True, "status": True, "favourite": True}, **data}
    told = {"endpoint": service.url, "keys": app.keys, "standard": standard}
    made: dict[str, Any] = (await phone.post(SUBSCRIPTION, json={"subscription": told, "data": wanted})).body
    return made


async def _count(world: World, table: Any) -> int:
    async with world.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_subscription_is_one_for_each_token_and_goes_with_it(
    ada: Phone, grace: Phone, service: Service, app: web.Application, world: World
) -> None:
    await ada.get(SUBSCRIPTION, status=404)
    await ada.put(SUBSCRIPTION, json={"data": {}}, status=404)
    made = await subscribe(ada, service, App())
    shown = (await ada.get(SUBSCRIPTION)).body
    changed = (await ada.put(SUBSCRIPTION, json={"data": {"alerts": {"poll": "true"}, "policy": "followed"}})).body
    again = await subscribe(ada, service, App())

    assert shown == made
    assert made["server_key"] == await public_key(app) != ""
    assert (made["standard"], made["policy"], made["endpoint"]) == (True, "all", service.url)
    assert [name for name, wanted in changed["alerts"].items() if wanted] == ["poll"]
    assert (changed["policy"], again["policy"]) == ("followed", "all")
    assert await _count(world, PushSubscription) == 1
    await grace.get(SUBSCRIPTION, status=404)
    instance = (await ada.get("/api/v2/instance")).body
    assert instance["configuration"]["vapid"]["public_key"] == made["server_key"]
    assert (await ada.get("/api/v1/apps/verify_credentials")).body["vapid_key"] == made["server_key"]
    await ada.delete(SUBSCRIPTION)
    await ada.get(SUBSCRIPTION, status=404)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"endpoint": "https://10.0.0.5/x"}, "bad_endpoint"),
        ({"endpoint": "https://[::1]/x"}, "bad_endpoint"),
        ({"endpoint": "http://push.example/x"}, "bad_endpoint"),
        ({"endpoint": "file:///x"}, "bad_endpoint"),
        ({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, "bad_value"),
        ({"keys": {}}, "bad_value"),
    ],
)
async def test_R_32_no_app_makes_us_push_to_an_address_inside(
    ada: Phone, world: World, change: dict[str, Any], code: str
) -> None:
    told = {"endpoint": "https://push.example/x", "keys": App().keys, **change}
    assert (await ada.post(SUBSCRIPTION, json={"subscription": told}, status=422)).body["code"] == code
    assert await _count(world, PushSubscription) == 0


@pytest.mark.parametrize("standard", [True, False])
async def test_an_app_reads_what_it_was_sent_and_nothing_internal_is_in_it(
    ada: Phone, service: Service, app: web.Application, world: World, standard: bool
) -> None:
    """The request reaches a real service, our key vouches for it, and it opens to the right notification."""
    phone = App()
    await subscribe(ada, service, phone, standard=standard)
    await world.grace.tells(world.ada, text="The secret case")
    [(headers, body)] = await settle(world, service)

    kind, _, token = headers["Authorization"].partition(" ")
    if standard:
        token, _, key = token.removeprefix("t=").partition(", k=")
        assert (kind, headers["Content-Encoding"], key) == ("vapid", "aes128gcm", await public_key(app))
        message = json.loads(phone.reads(body))
    else:
        assert (kind, headers["Content-Encoding"]) == ("WebPush", "aesgcm")
        message = json.loads(phone.reads_draft(body, headers))
    claims = claims_of(token, await public_key(app))
    assert claims["aud"] == service.url.removesuffix("/to/ada")
    assert int(headers["TTL"]) > 3600
    [told] = (await ada.get("/api/v1/notifications")).body
    assert (message["notification_id"], message["notification_type"]) == (int(told["id"]), "mention")
    assert (message["title"], message["body"], message["access_token"]) == ("Somebody names you", "", "")
    assert "grace" not in json.dumps(message)

    async with world.database.reading() as session:
        line = (await session.scalars(select(LedgerLine).where(LedgerLine.what == "Push"))).one()
    assert (line.outcome, line.rule, line.actor) == (Outcome.SENT, "push_notice", "ada")
    assert line.hosts == [service.url.split("/")[2]]
    assert await _count(world, Push) == 0


async def test_R_32_an_address_that_became_one_inside_is_refused_when_sending(
    ada: Phone, service: Service, config: Config, app: web.Application, world: World
) -> None:
    await subscribe(ada, service, App())
    closed = replace(config, development=replace(config.development, private_networks=()))
    wire = wire_of(closed, world.database)
    await world.grace.tells(world.ada)
    await world.settle()
    await pushes.CONSUMER.catch_up(world.database)
    async with wire.fetcher:
        await Pusher(wire, app[VAPID], writer(config)).drain()

    assert service.got == []
    await ada.get(SUBSCRIPTION, status=404)


async def _hears_nora(world: World) -> None:
    """Nora, whom Ada wants to be told of, writes for everybody."""
    async with world.database.writing() as session:
        nora = await session.get_one(Actor, world.nora.id)
        follow = await relations.follow(session, nora, by=world.ada.staff, notifies=True)
        follow.accepted_at = now()
        told = RemotePost(
            uri=f"http://{NORTHWIND}/o/9",
            url=None,
            author=nora,
            visibility=Visibility.PUBLIC,
            html="<p>Good <b>news</b></p>",
        )
        await receiving.receive(session, told)


@pytest.mark.parametrize(
    ("content", "title", "body", "rule"),
    [
        (PushContent.PUBLIC, "nora wrote something", "Good news", "push_public"),
        (PushContent.NONE, "There is a new post", "", "push_notice"),
    ],
)
async def test_what_everybody_may_read_goes_along_unless_the_company_says_no(
    ada: Phone, service: Service, world: World, content: PushContent, title: str, body: str, rule: str
) -> None:
    force_setattr(world.database.instance, "push", PushRules(content=content))
    phone = App()
    await subscribe(ada, service, phone)
    await _hears_nora(world)
    [(_, sealed)] = await settle(world, service)
    force_setattr(world.database.instance, "push", PushRules())

    message = json.loads(phone.reads(sealed))
    assert (message["title"], message["body"]) == (title, body)
    async with world.database.reading() as session:
        line = (await session.scalars(select(LedgerLine).where(LedgerLine.what == "Push"))).one()
    assert line.rule == rule


async def test_nothing_is_pushed_where_the_company_does_not_want_it(ada: Phone, service: Service, world: World) -> None:
    await subscribe(ada, service, App())
    refusals = ((PushRules(services=("push.example",)), 403), (PushRules(enabled=False), 403))
    await world.grace.tells(world.ada)
    await world.settle()
    await pushes.CONSUMER.catch_up(world.database)
    for rules, status in refusals:
        force_setattr(world.database.instance, "push", rules)
        told = {"endpoint": service.url, "keys": App().keys}
        await ada.post(SUBSCRIPTION, json={"subscription": told}, status=status)
    await service.pusher.drain()
    force_setattr(world.database.instance, "push", PushRules())

    assert service.got == []
    async with world.database.reading() as session:
        line = (await session.scalars(select(LedgerLine).where(LedgerLine.what == "Push"))).one()
    assert (line.outcome, line.rule) == (Outcome.STOPPED, "push_off")


@pytest.mark.parametrize("what", ["revoked", "withdrawn", "blocked", "read", "removed"])
async def test_R_79_what_may_not_be_told_any_more_is_not_pushed(
    ada: Phone, service: Service, world: World, what: str
) -> None:
    await subscribe(ada, service, App())
    post = await world.grace.tells(world.ada)
    await world.settle()
    await pushes.CONSUMER.catch_up(world.database)
    assert await _count(world, Push) == 1
    async with world.database.writing() as session:
        match what:
            case "revoked":
                assert ada.token is not None
                await tokens.revoke_own(session, by=world.ada.staff, token_id=ada.token.id)
            case "read":
                await notifications.mark_all_read(session, by=world.ada.staff)
            case "removed":
                await accounts.disable(session, await accounts.by_username(session, "ada"))
    if what == "withdrawn":
        await world.grace.deletes(post)
    if what == "blocked":
        await ada.post(f"/api/v1/accounts/{world.grace.id}/block")

    await service.pusher.drain()

    assert service.got == []
    assert await _count(world, Push) == 0


async def test_alerts_and_policy_say_what_and_whom(ada: Phone, service: Service, world: World) -> None:
    await subscribe(ada, service, App(), alerts={"favourite": True}, policy="followed")
    post = await world.ada.writes("Mine")
    await ada.post(f"/api/v1/accounts/{world.joan.id}/follow")
    await world.grace.likes(post)
    await world.joan.likes(post)
    await world.joan.writes("Hello @ada")

    assert len(await settle(world, service)) == 1
    await ada.put(SUBSCRIPTION, json={"data": {"policy": "none"}})
    await world.alan.likes(post)
    assert len(await settle(world, service)) == 1


async def test_a_service_that_is_down_is_asked_again_for_a_day_and_one_without_the_app_never(
    ada: Phone, service: Service, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock.held(monkeypatch)
    await subscribe(ada, service, App())
    await world.grace.tells(world.ada)
    service.status, service.headers = 429, {"Retry-After": "600"}
    await settle(world, service)
    await service.pusher.drain()
    assert len(service.got) == 1
    clock.advance(minutes=9)
    await service.pusher.drain()
    assert len(service.got) == 1
    service.status, service.headers = 503, {}
    for _ in range(10):
        clock.advance(hours=6, minutes=1)
        await service.pusher.drain()
    assert 3 < len(service.got) < 8  # and then it was given up
    assert await _count(world, Push) == 0

    await world.grace.tells(world.ada)
    service.status = 410
    await settle(world, service)

    await ada.get(SUBSCRIPTION, status=404)
    async with world.database.reading() as session:
        sent = await session.scalars(select(LedgerLine.id).where(LedgerLine.what == "Push"))
        assert len(sent.all()) == 2  # once for each, however often it was tried
    assert timedelta(days=1) == pushes.GIVE_UP_AFTER
