"""Every endpoint that clients count on (tiers login-critical, core and common of `endpoints.tsv`) is there and answers
as promised; each is asked once, in one company."""

import base64
import csv
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import federation.routes
from federation.wire import WIRE
from models.database import Database
from server.api.contract.table import promise_of
from server.app import wire_of
from server.config import Config
from tests import contract
from tests.server.api import story
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, upload
from tests.server.api.story import Story
from tests.world import World

Endpoint = tuple[str, str]


def wanted() -> list[Endpoint]:
    """Method and address of every endpoint in the table, the address with `{}` where something is filled in."""
    with Path(__file__).with_name("endpoints.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [(row["method"], re.sub(r":\w+", "{}", row["path"]).replace("/2.0", "/{}")) for row in rows]


REFUSED = {
    ("POST", "/api/v1/accounts"): 403,  # accounts are made by the company's admins
    ("POST", "/api/v1/statuses/{}/translate"): 404,  # as where no service translates
    ("GET", "/api/v1/collections/{}"): 404,  # of Mastodon 4.6: nobody has any
    ("GET", "/api/v1/streaming"): 0,  # asked by the tests of streams
}
"""What answers with a refusal, and with which."""

READING = """
/api/v1/accounts/verify_credentials /api/v1/instance /api/v2/instance /api/v1/apps/verify_credentials
/.well-known/nodeinfo /nodeinfo/2.0 /.well-known/host-meta /.well-known/oauth-authorization-server
/.well-known/webfinger?resource=acct:square@lovelace.localhost:8001
/api/v1/accounts/relationships?id[]={grace}&id[]={ada} /api/v1/accounts?id[]={grace}
/api/v1/accounts/{grace} /api/v1/accounts/{nora} /api/v1/accounts/{list} /api/v1/accounts/{ada}/statuses
/api/v1/accounts/{ada}/followers /api/v1/accounts/{ada}/following /api/v1/accounts/{grace}/lists
/api/v1/accounts/{grace}/featured_tags /api/v1/accounts/{grace}/endorsements /api/v1/accounts/{grace}/collections
/api/v1/accounts/lookup?acct=grace /api/v1/accounts/search?q=gr /api/v1/accounts/familiar_followers?id[]={grace}
/api/v1/directory /api/v1/follow_requests /api/v1/blocks /api/v1/mutes /api/v1/domain_blocks
/api/v1/suggestions /api/v2/suggestions /api/v1/followed_tags /api/v1/tags/case /api/v1/preferences
/api/v1/markers?timeline[]=home
/api/v1/statuses/{status} /api/v1/statuses/{asking} /api/v1/statuses/{quoting} /api/v1/statuses?id[]={status}
/api/v1/statuses/{status}/context /api/v1/statuses/{status}/history /api/v1/statuses/{status}/source
/api/v1/polls/{polls} /api/v1/media/{media} /api/v1/scheduled_statuses
/api/v1/timelines/home /api/v1/timelines/public /api/v1/timelines/tag/case /api/v1/timelines/list/{list}
/api/v1/timelines/link?url=https://news.example/ /api/v1/bookmarks /api/v1/favourites /api/v1/conversations
/api/v1/lists /api/v1/lists/{list} /api/v1/lists/{list}/accounts /api/v2/search?q=case
/api/v1/notifications /api/v1/notifications/{notifications} /api/v2/notifications
/api/v1/notifications/requests /api/v2/notifications/policy
/api/v1/announcements /api/v1/custom_emojis /api/v1/instance/rules
/api/v1/trends /api/v1/trends/tags /api/v1/trends/statuses /api/v1/trends/links
/api/v1/filters /api/v2/filters
"""


@pytest.fixture
async def app(app: web.Application, config: Config, database: Database) -> AsyncIterator[web.Application]:
    """With the addresses of the wire, where clients look for a server."""
    app[WIRE] = wire_of(config, database)
    federation.routes.setup(app)
    yield app
    await app[WIRE].fetcher.close()


async def test_every_endpoint_that_clients_count_on_answers_as_promised(
    world: World, hand: Hand, anybody: Phone, record_property: Callable[[str, object], None]
) -> None:
    contract.answered.clear()
    there = await story.told(world, hand)
    for path in READING.split():
        answer = await there.ada.ask("GET", path.format(**there.ids))
        assert answer.status == 200, (path, answer.status, answer.body)
    for part in (signs_in, stands_to_others, follows_tags, keeps_lists, filters, is_told, is_pushed, complains, writes):
        await part(there, anybody)
    refused = {key for key, status in REFUSED.items() if not status or await _refuses(there, key, status)}

    missing = [each for each in wanted() if promise_of(*each) is None]
    unasked = [each for each in wanted() if each not in contract.answered | refused]
    asked = len(wanted()) - len({*missing, *unasked})
    record_property("contract", f"{asked} of {len(wanted())} endpoints answer as promised")
    assert missing == []
    assert unasked == []


async def _refuses(there: Story, endpoint: Endpoint, status: int) -> bool:
    method, path = endpoint
    answer = await there.ada.ask(method, there.path(path.replace("{}", "{id}")))
    return answer.status == status


async def signs_in(there: Story, anybody: Phone) -> None:
    """Register, agree (the page needs somebody's browser; here it sends to the door), a token, and its end."""
    sent = {"client_name": "Phone", "redirect_uris": "app://back", "scopes": "read write"}
    app = (await anybody.post("/api/v1/apps", data=sent)).body
    client = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    verifier = base64.urlsafe_b64encode(hashlib.sha256(b"x").digest()).rstrip(b"=").decode()
    asked = {"client_id": app["client_id"], "redirect_uri": "app://back", "response_type": "code"}
    await anybody.get("/oauth/authorize", params={**asked, "code_challenge": verifier}, status=303)
    token = await anybody.post("/oauth/token", json={**client, "grant_type": "client_credentials"})
    await anybody.post("/oauth/revoke", data={**client, "token": token.body["access_token"]})


async def stands_to_others(there: Story, anybody: Phone) -> None:
    ada, ids = there.ada, there.ids
    for verb in ("mute", "unmute", "pin", "unpin", "unfollow", "follow", "remove_from_followers", "block", "unblock"):
        await ada.post(f"/api/v1/accounts/{ids['grace']}/{verb}")
    await ada.post(f"/api/v1/accounts/{ids['grace']}/note", json={"comment": "Knows all"})
    await ada.post(f"/api/v1/follow_requests/{ids['joan']}/authorize")
    await there.joan.post(f"/api/v1/accounts/{ids['ada']}/unfollow")
    await there.joan.post(f"/api/v1/accounts/{ids['ada']}/follow")
    await ada.post(f"/api/v1/follow_requests/{ids['joan']}/reject")
    await ada.patch("/api/v1/accounts/update_credentials", data=upload(field="avatar", display_name="Ada L"))
    await ada.post("/api/v1/domain_blocks", data={"domain": "loud.example"})
    assert (await ada.get("/api/v1/domain_blocks")).body == ["loud.example"]
    await ada.delete("/api/v1/domain_blocks", params={"domain": "loud.example"})
    await ada.delete(f"/api/v1/suggestions/{ids['joan']}")
    await ada.post("/api/v1/markers", json={"home": {"last_read_id": ids["status"]}})


async def writes(there: Story, anybody: Phone) -> None:
    ada, ids = there.ada, there.ids
    mine, asking = f"/api/v1/statuses/{ids['status']}", f"/api/v1/polls/{ids['polls']}/votes"
    for verb in ("favourite", "bookmark", "reblog"):
        await ada.post(f"/api/v1/statuses/{ids['reply']}/{verb}")
        await ada.post(f"/api/v1/statuses/{ids['reply']}/un{verb}")
    for verb in ("pin", "unpin", "mute", "unmute"):
        await ada.post(f"{mine}/{verb}")
    await ada.post(asking, json={"choices": [0]})
    await ada.post(f"{mine}/quotes/{ids['quoting']}/revoke")
    await ada.put(f"/api/v1/media/{ids['media']}", json={"description": "Another case"})
    await ada.post("/api/v1/media", data=upload())
    later = f"/api/v1/scheduled_statuses/{ids['scheduled_statuses']}"
    await ada.put(later, json={"scheduled_at": (datetime.now(UTC) + timedelta(hours=5)).isoformat()})
    await ada.delete(later)
    await ada.post(f"/api/v1/conversations/{ids['conversations']}/read")
    await ada.put(mine, json={"status": "For the last time"})
    await ada.delete(mine)


async def follows_tags(there: Story, anybody: Phone) -> None:
    for verb in ("follow", "unfollow"):
        await there.ada.post(f"/api/v1/tags/case/{verb}")
    await there.ada.post("/api/v1/featured_tags", json={"name": "case"})


async def keeps_lists(there: Story, anybody: Phone) -> None:
    ada, ids = there.ada, there.ids
    made = (await ada.post("/api/v1/lists", json={"title": "Friends"})).body
    people = f"/api/v1/lists/{made['id']}/accounts"
    await ada.post(f"/api/v1/accounts/{ids['grace']}/follow")
    await ada.post(people, json={"account_ids": [ids["grace"]]})
    await ada.delete(people, json={"account_ids": [ids["grace"]]})
    await ada.put(f"/api/v1/lists/{made['id']}", json={"title": "Good friends"})
    await ada.delete(f"/api/v1/lists/{made['id']}")


async def filters(there: Story, anybody: Phone) -> None:
    ada = there.ada
    keywords = [{"keyword": "soup", "whole_word": True}]
    filtering: dict[str, Any] = {"title": "No soup", "context": ["home"], "keywords_attributes": keywords}
    made = (await ada.post("/api/v2/filters", json=filtering)).body
    one = f"/api/v2/filters/{made['id']}"
    assert [each["id"] for each in (await ada.get("/api/v2/filters")).body] == [made["id"]]
    await ada.get(one)
    await ada.put(one, json={"title": "No soup at all"})
    older = (await ada.get("/api/v1/filters")).body[0]
    await ada.get(f"/api/v1/filters/{older['id']}")
    await ada.delete(one)
    made = (await ada.post("/api/v1/filters", json={"phrase": "soup", "context": ["home"]})).body
    await ada.put(f"/api/v1/filters/{made['id']}", json={"phrase": "broth", "context": ["home"]})
    await ada.delete(f"/api/v1/filters/{made['id']}")


async def is_pushed(there: Story, anybody: Phone) -> None:
    ada = there.ada
    push, sent = "/api/v1/push/subscription", {"data": {"alerts": {"mention": True}}}
    subscription = {"endpoint": "https://push.example/ada", "keys": push_keys()}
    await ada.post(push, json={"subscription": subscription, **sent})
    await ada.get(push)
    await ada.put(push, json=sent)
    await ada.delete(push)


async def is_told(there: Story, anybody: Phone) -> None:
    ada, ids = there.ada, there.ids
    one = f"/api/v1/announcements/{ids['announcements']}"
    await ada.put(f"{one}/reactions/👍")
    await ada.delete(f"{one}/reactions/👍")
    await ada.post(f"{one}/dismiss")


async def complains(there: Story, anybody: Phone) -> None:
    ada, ids = there.ada, there.ids
    await ada.post("/api/v1/reports", json={"account_id": ids["joan"], "status_ids": [], "comment": "Loud"})
    await ada.post("/api/v1/notifications/clear")


def push_keys() -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {name: base64.urlsafe_b64encode(key).decode() for name, key in (("p256dh", point), ("auth", b"0" * 16))}
