"""How a server is asked that does not take the first signature, and in whose name (SIG-6, SIG-7, SIG-24, SIG-29)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import update

from federation import trust
from federation.fetch import FetchFailed
from federation.signatures import Request, parse, verify
from models import lanes
from models.base import now
from models.tables import Peer as KnownPeer
from tests.federation.neighbours import Home, Peer, PeerActor
from tests.federation.office import group_elsewhere

EMPTY = "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def refuses(status: int, unless: Callable[[web.Request], bool], **headers: str) -> Callable[[web.Request], Any]:
    """A server that answers only to certain requests."""
    return lambda request: None if unless(request) else web.Response(status=status, headers=headers)


def manner(request: web.Request) -> str:
    """In which manner a request was signed."""
    if "Signature-Input" in request.headers:
        return "rfc9421"
    return "digest" if "Digest" in request.headers else "cavage"


@pytest.fixture
def asks(home: Home, northwind: Peer, nora: PeerActor) -> Callable[..., Any]:
    """Ask Northwind for Nora, whose server is guarded; the manners in which it was asked until it answered."""

    async def ask(guard: Callable[[web.Request], Any], path: str = "/users/nora") -> list[str]:
        seen: list[str] = []

        def noting(request: web.Request) -> Any:
            seen.append(manner(request))
            return guard(request)

        northwind.guard = noting
        await trust.fetch(home.wire, f"{northwind.base_url}{path}")
        return seen

    return ask


@pytest.mark.parametrize("status", [401, 403])
async def test_SIG_6_who_wants_a_digest_on_a_get_gets_it_on_the_second_knock(asks, status):
    guard = refuses(status, lambda request: request.headers.get("Digest") == EMPTY)

    assert await asks(guard) == ["cavage", "digest"]
    assert await asks(guard) == ["digest"]


async def test_SIG_7_who_signs_without_the_query_is_asked_so(asks, home, northwind, nora):
    northwind.serve({**nora.document, "id": f"{northwind.base_url}/users?name=nora"}, at="/users?name=nora")
    keys = (await home.wire.keys.instance_signer(home.database)).keys

    def holds_without_query(request: web.Request) -> bool:
        received = Request("GET", f"{northwind.base_url}{request.path}", request.headers)
        try:
            verify(
                parse(received, hosts={northwind.host}, now=datetime.now(UTC)),
                keys.rsa_private.public_key(),
                now=datetime.now(UTC),
            )
        except Exception:
            return False
        return True

    assert len(await asks(refuses(401, holds_without_query), "/users?name=nora")) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_SIG_24_who_takes_only_the_newer_form_is_asked_so_and_it_is_remembered(asks, clock, status):
    guard = refuses(status, lambda request: manner(request) == "rfc9421")

    assert await asks(guard) == ["cavage", "digest", "rfc9421"]
    assert await asks(guard) == ["rfc9421"]
    clock.advance(days=8)
    assert await asks(guard) == ["cavage", "digest", "rfc9421"]


async def test_SIG_24_a_form_in_which_deliveries_were_taken_lately_is_the_first_for_questions(asks, home, northwind):
    async with home.database.writing() as session:
        await lanes.meet(session, [northwind.host])
        await session.execute(update(KnownPeer).values(signature_form="rfc9421", signature_form_at=now()))
    assert await asks(lambda request: None) == ["rfc9421"]

    home.wire.memory.manners.drop(northwind.host)
    async with home.database.writing() as session:
        await session.execute(update(KnownPeer).values(signature_form_at=now() - timedelta(days=8)))
    assert await asks(lambda request: None) == ["cavage"]


async def test_SIG_24_three_requests_are_the_most(home, northwind, nora):
    northwind.guard = refuses(403, lambda request: False)

    with pytest.raises(FetchFailed) as failed:
        await trust.fetch(home.wire, nora.id)

    assert failed.value.http_status == 403
    assert len(northwind.asked) == 3


async def test_SIG_24_what_a_server_refuses_that_understands_us_it_means(asks, home, northwind, nora):
    await asks(lambda request: None)
    northwind.asked.clear()
    northwind.guard = refuses(400, lambda request: False)

    with pytest.raises(FetchFailed):
        await trust.fetch(home.wire, nora.id)

    assert len(northwind.asked) == 2


@pytest.mark.parametrize("status", [404, 410, 500])
async def test_what_is_not_there_is_asked_for_once(home, northwind, nora, status):
    northwind.guard = refuses(status, lambda request: False)

    with pytest.raises(FetchFailed):
        await trust.fetch(home.wire, nora.id)

    assert len(northwind.asked) == 1


async def test_SIG_29_a_server_that_says_what_it_wants_gets_it_once(asks):
    wish = {"Accept-Signature": 'theirs=("@method" "@path");created;keyid;tag="x";nonce="n"'}
    guard = refuses(401, lambda request: 'tag="x"' in request.headers.get("Signature-Input", ""), **wish)

    assert await asks(guard) == ["cavage", "rfc9421"]


# In whose name


async def test_DISC_16_what_only_members_may_see_is_asked_for_in_a_members_name(home, northwind, nora):
    ada = await home.hires("ada")
    await group_elsewhere(home.database, northwind.host, "alpine", ada.id)
    signers: list[str] = []

    def members_only(request: web.Request) -> Any:
        signers.append(request.headers["Signature"].partition('keyId="')[2].partition('"')[0])
        return None if "/ap/u/" in signers[-1] else web.Response(status=404)

    northwind.guard = members_only

    assert (await trust.fetch(home.wire, nora.id)).document["id"] == nora.id
    assert [signer.partition("/ap/")[2].partition("/")[0] for signer in signers] == ["instance#main-key", "u"]


async def test_DISC_16_a_member_of_a_public_group_is_named_to_nobody(home, northwind, nora):
    ada = await home.hires("ada")
    await group_elsewhere(home.database, northwind.host, "open", ada.id, is_locked=False)
    northwind.guard = refuses(404, lambda request: False)

    with pytest.raises(FetchFailed):
        await trust.fetch(home.wire, nora.id)

    assert len(northwind.asked) == 1
