"""Our own keys: one pair of each kind per actor, sealed in the database, of no use without the secret."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from federation.keys import KeyRing, public_key
from federation.sealing import KeyUnreadable
from federation.signatures import Request, parse, sha256_base64, verify
from models.database import Database
from models.tables import Key, KeyKind
from tests.federation.beginnings import ALONE
from tests.federation.receiver import SECRET, quick_keys
from tests.world import Person, hire, met

BEGINNINGS = {"ada": ALONE}
NOW = datetime(2026, 2, 1, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _stock(monkeypatch):
    quick_keys(monkeypatch)


@pytest.fixture
async def ada(database: Database) -> Person:
    return await met(database, "ada")


async def _rows(database):
    async with database.reading() as session:
        return (await session.scalars(select(Key).order_by(Key.kind))).all()


async def test_an_actor_gets_one_key_of_each_kind_on_first_need(database, ada):
    found = await KeyRing(SECRET).ensure(database, ada.id)

    rows = await _rows(database)
    assert [row.kind for row in rows] == [KeyKind.ED25519, KeyKind.RSA]
    assert found.rsa_id.endswith("#main-key")
    assert found.ed25519_id.endswith("#ed25519-key")
    assert {row.uri for row in rows} == {found.rsa_id, found.ed25519_id}
    assert found.rsa_private.key_size == 2048


async def test_many_who_ask_at_once_get_the_same_keys(database, ada):
    ring = KeyRing(SECRET)

    found = await asyncio.gather(*(ring.ensure(database, ada.id) for _ in range(8)))

    assert len({keys.rsa_public_pem for keys in found}) == 1
    assert len(await _rows(database)) == 2


async def test_two_processes_that_make_keys_at_once_end_with_the_same(database, ada):
    one, other = KeyRing(SECRET), KeyRing(SECRET)

    first, second = await asyncio.gather(one.ensure(database, ada.id), other.ensure(database, ada.id))

    assert first.rsa_public_pem == second.rsa_public_pem
    assert len(await _rows(database)) == 2


async def test_keys_are_found_again_after_a_restart(database, ada):
    before = await KeyRing(SECRET).ensure(database, ada.id)

    after = await KeyRing(SECRET).ensure(database, ada.id)

    assert after.rsa_private.private_numbers() == before.rsa_private.private_numbers()
    assert after.ed25519_private.private_bytes_raw() == before.ed25519_private.private_bytes_raw()


async def test_SIG_31_a_private_key_lies_in_no_readable_form(database, ada):
    found = await KeyRing(SECRET).ensure(database, ada.id)

    stored = b"".join(row.private for row in await _rows(database))
    secret_number = found.rsa_private.private_numbers().d
    assert b"PRIVATE" not in stored
    assert secret_number.to_bytes(256, "big") not in stored
    assert found.ed25519_private.private_bytes_raw() not in stored


async def test_another_secret_opens_nothing(database, ada):
    await KeyRing(SECRET).ensure(database, ada.id)

    with pytest.raises(KeyUnreadable):
        await KeyRing(b"x" * 32).ensure(database, ada.id)


async def test_a_sealed_key_is_of_no_use_in_another_row(database, ada):
    joan = await hire(database, "joan")
    ring = KeyRing(SECRET)
    await ring.ensure(database, ada.id)
    await ring.ensure(database, joan.id)
    async with database.writing() as session:
        hers = await session.scalar(select(Key.private).where(Key.actor_id == joan.id, Key.kind == KeyKind.RSA))
        await session.execute(update(Key).where(Key.actor_id == ada.id, Key.kind == KeyKind.RSA).values(private=hers))

    with pytest.raises(KeyUnreadable):
        await KeyRing(SECRET).ensure(database, ada.id)


async def test_keys_made_in_a_transaction_that_fails_are_forgotten_with_it(database, ada):
    ring = KeyRing(SECRET)
    with pytest.raises(RuntimeError):
        async with database.writing() as session:
            await ring.ensure_in(session, ada.id)
            raise RuntimeError

    assert await _rows(database) == []
    kept = await ring.ensure(database, ada.id)
    assert {row.uri for row in await _rows(database)} == {kept.rsa_id, kept.ed25519_id}


def test_a_secret_of_another_length_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(b"short")


@pytest.mark.parametrize("form", ["cavage", "rfc9421"])
async def test_what_a_signer_signs_verifies_with_the_published_key(database, ada, form):
    ring = KeyRing(SECRET)
    signer = await ring.signer(database, ada.id)
    body = b'{"type":"Note"}'
    url = "https://northwind.example/inbox"

    headers = signer.delivery(url, body, sha256=sha256_base64(body), form=form)

    request = Request("POST", url, tuple(headers.items()), body)
    now = datetime.now(UTC)
    parsed = parse(request, hosts={"northwind.example"}, now=now)
    assert parsed.key_id == signer.keys.rsa_id
    verify(parsed, public_key(signer.keys.rsa_public_pem), now=now)


async def test_the_instance_signs_gets_with_its_own_actor(database):
    ring = KeyRing(SECRET)
    signer = await ring.instance_signer(database)
    url = "https://northwind.example/ap/u/1?page=2"

    headers = signer("GET", url, accept="application/activity+json")

    request = Request("GET", url, tuple(headers.items()))
    now = datetime.now(UTC)
    parsed = parse(request, hosts={"northwind.example"}, now=now)
    verify(parsed, public_key(signer.keys.rsa_public_pem), now=now)
    assert parsed.key_id == database.instance.url("/ap/instance#main-key")
    assert (await ring.instance_signer(database)).keys is signer.keys
