"""The wiring of an instance, on one page."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from aiohttp import web

import federation.routes
import server.api
import server.web
from federation import discovery
from federation.addresses import AddressRules
from federation.fetch import Fetcher
from federation.keys import KeyRing
from federation.push import Pusher, VapidKeys
from federation.visits import Visits
from federation.wire import WIRE, AuthorizedFetch, Wire
from models import migrations
from models.database import Database
from models.instance import CardsFor, Instance, Mode, PushContent, PushRules
from models.tables import Actor, Post
from models.viewers import Staff
from server import copies, images, link_cards, media, middleware, pages, push, recordings
from server.api.limits import LOOKUPS
from server.config import Config
from server.context import CONFIG, DATABASE, IMAGES, LINKS, REMOTE_FILES, RESOLVER, RUNTIME, TEMPLATES, VISITS
from server.link_cards import WISHES
from server.links import Links
from server.workers import Runtime

_STATIC = Path(__file__).parent.parent / "static"
_FORM_OVERHEAD = 262_144


def create_app(config: Config, *, works: bool = True) -> web.Application:
    """The application for `config`; with `works` it also does the background work while it runs."""
    app = web.Application(
        middlewares=(middleware.errors, middleware.people, middleware.forms),
        client_max_size=_largest_form(config),
    )
    database = Database(config.database_url, instance=house(config))
    wire = wire_of(config, database)
    app[CONFIG] = config
    app[DATABASE] = database
    app[WIRE] = wire
    app[TEMPLATES] = pages.environment()
    app[LINKS] = Links(config)
    app[IMAGES] = images.Pool()
    app[REMOTE_FILES] = copies.RemoteFiles(wire, app[IMAGES], config)
    app[VISITS] = Visits(wire)
    app[WISHES] = link_cards.Wishes()
    app[push.VAPID] = VapidKeys(config.secret_key)
    app[RUNTIME] = Runtime(
        wire,
        media_directory=config.media_directory,
        copies=app[REMOTE_FILES],
        wishes=app[WISHES],
        pusher=Pusher(wire, app[push.VAPID], push.writer(config)),
    )

    async def resolve(text: str, by: Staff) -> Actor | Post | None:
        app[LOOKUPS].spend(f"account {by.account_id}")
        return await discovery.resolve(wire, text, by=by)

    app[RESOLVER] = resolve

    # first, so that the tables are there before anything reads the journal, and the database closes last
    app.cleanup_ctx.append(_open if works else _open_without_work)
    federation.routes.setup(app)
    server.api.setup(app)
    media.setup(app)
    app.router.add_static("/static", _STATIC, name="static", follow_symlinks=False)
    server.web.setup(app)
    return app


def _largest_form(config: Config) -> int:
    most = config.media.max_bytes
    if recordings.is_available():
        most = max(most, config.media.max_video_bytes)
    return most * config.media.max_attachments + _FORM_OVERHEAD


def house(config: Config) -> Instance:
    """What the models need to know of us."""
    return Instance(
        base_url=config.base_url,
        name=config.instance.name,
        mode=Mode(config.federation.mode),
        clients_public_leaves=config.posts.public == "public",
        max_characters=config.posts.max_characters,
        max_attachments=config.media.max_attachments,
        cards_for=CardsFor(config.posts.link_cards),
        push=PushRules(
            enabled=config.push.enabled,
            content=PushContent(config.push.content),
            services=tuple(host.lower() for host in config.push.services),
        ),
        sign_link=Links(config).sign,
    )


def wire_of(config: Config, database: Database) -> Wire:
    """What the wire needs, as configured; close its fetcher."""
    rules = AddressRules(insecure_hosts=config.development.insecure_hosts, allowed_networks=config.private_networks)
    return Wire(
        database=database,
        fetcher=Fetcher(rules, base_url=config.base_url, deadline=config.federation.fetch_deadline_seconds),
        keys=KeyRing(config.secret_key),
        authorized_fetch=AuthorizedFetch(config.federation.fetch),
        insecure_hosts=config.development.insecure_hosts,
        max_body=config.federation.max_body,
        signature_max_age=timedelta(hours=config.federation.signature_max_age_hours),
        deliveries_at_once=config.federation.deliveries_at_once,
        delivery_deadline=config.federation.delivery_deadline_seconds,
        requests_per_minute=config.federation.requests_per_minute,
    )


async def _open(app: web.Application) -> AsyncIterator[None]:
    await migrations.upgrade(app[DATABASE])
    await app[RUNTIME].start()
    preparing = asyncio.create_task(pages.prepare(app[TEMPLATES]))
    yield
    preparing.cancel()
    await app[RUNTIME].stop()
    await _close(app)


async def _open_without_work(app: web.Application) -> AsyncIterator[None]:
    await migrations.upgrade(app[DATABASE])
    yield
    await _close(app)


async def _close(app: web.Application) -> None:
    await app[VISITS].close()
    await app[WIRE].fetcher.close()
    await app[REMOTE_FILES].close()
    await app[IMAGES].close()
    await app[DATABASE].close()
