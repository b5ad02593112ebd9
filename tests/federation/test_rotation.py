"""SIG-30: new keys for an actor of ours, and no moment in which others could not verify it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from federation import rotation
from federation.documents import actor as documents
from federation.keys import KeyRing, public_key
from federation.outbox import consumer
from federation.sealing import KeyUnreadable
from federation.signatures import Request, multikey, parse, sha256_base64, verify
from models import actors
from models.base import now
from models.tables import Actor, Key
from tests.federation.mailroom import Post
from tests.federation.office import outsider
from tests.federation.receiver import SECRET


@pytest.fixture
def ring(post: Post) -> KeyRing:
    return post.wire.keys


async def finished(post: Post, ring: KeyRing) -> int:
    async with post.database.writing() as session:
        return await rotation.finish(session, ring)


async def document(post: Post, ring: KeyRing) -> dict[str, object]:
    keys = await ring.ensure(post.database, post.ada.id)
    async with post.database.reading() as session:
        actor = await session.get_one(Actor, post.ada.id)
    return documents.render(actor, own_keys=keys, instance=post.database.instance)


async def uses(post: Post) -> list[str]:
    async with post.database.reading() as session:
        return [f"{own.key.kind} {own.use}" for own in await rotation.listed(session)]


async def test_SIG_30_new_keys_are_published_beside_the_old_ones_which_sign_for_another_hour(post, ring, clock):
    before = await ring.ensure(post.database, post.ada.id)

    await rotation.begin(post.database, ring, post.ada.id)
    clock.advance(minutes=59)

    assert await finished(post, ring) == 0
    during = await ring.ensure(post.database, post.ada.id)
    assert (during.rsa_id, during.ed25519_id) == (before.rsa_id, before.ed25519_id)
    assert await uses(post) == ["rsa signs", "rsa next", "ed25519 signs", "ed25519 next"]
    shown = await document(post, ring)
    assert shown["publicKey"]["id"] == before.rsa_id
    listed = multikey.assertion_keys(shown)
    assert set(listed) == {before.ed25519_id, f"{before.rsa_id}-2", f"{before.ed25519_id}-2"}


async def test_SIG_30_after_the_hour_the_new_keys_sign_and_the_old_ones_stay_known_for_a_day(post, ring, clock):
    before = await ring.ensure(post.database, post.ada.id)
    await rotation.begin(post.database, ring, post.ada.id)
    clock.advance(minutes=61)

    assert await finished(post, ring) == 2
    assert await finished(post, ring) == 0

    after = await ring.ensure(post.database, post.ada.id)
    assert (after.rsa_id, after.ed25519_id) == (f"{before.rsa_id}-2", f"{before.ed25519_id}-2")
    assert after.rsa_public_pem != before.rsa_public_pem
    shown = await document(post, ring)
    assert shown["publicKey"]["id"] == after.rsa_id
    assert before.rsa_id in multikey.assertion_keys(shown)
    clock.advance(hours=25)
    assert set(multikey.assertion_keys(await document(post, ring))) == {after.ed25519_id}
    assert (await uses(post))[0] == "rsa retired"


async def test_SIG_30_both_steps_are_told_to_those_who_know_the_actor(post, ring, clock):
    """And the news that the key has changed is signed with the one that they know."""
    northwind = await post.receiver()
    await outsider(post.database, northwind.host, "nora")
    async with post.database.writing() as session:
        await actors.disclose(session, post.ada.id, [northwind.host])
    before = await ring.ensure(post.database, post.ada.id)
    reader = consumer(ring)

    await rotation.begin(post.database, ring, post.ada.id)
    await reader.catch_up(post.database)
    await post.sender.drain()
    clock.advance(minutes=61)
    await finished(post, ring)
    await reader.catch_up(post.database)
    await post.queue(northwind)
    await post.sender.drain()

    first, second, other = northwind.taken
    assert [one.document["type"] for one in northwind.taken] == ["Update", "Update", "Create"]
    assert first.document["object"]["publicKey"]["id"] == before.rsa_id
    assert second.document["object"]["publicKey"]["id"] == f"{before.rsa_id}-2"
    assert [_key_id(one) for one in northwind.taken] == [before.rsa_id, before.rsa_id, f"{before.rsa_id}-2"]
    _verify(second, northwind, before.rsa_public_pem)
    _verify(other, northwind, second.document["object"]["publicKey"]["publicKeyPem"])


def _key_id(taken) -> str:
    return taken.headers["Signature"].partition('keyId="')[2].partition('"')[0]


def _verify(taken, receiver, pem) -> None:
    moment = now()
    verify(parse(taken.request(receiver.host), hosts={receiver.host}, now=moment), public_key(pem), now=moment)


async def test_SIG_30_what_the_new_key_signs_verifies_with_what_is_published(post, ring, clock):
    await rotation.begin(post.database, ring, post.ada.id)
    clock.advance(hours=2)
    await finished(post, ring)
    published = (await document(post, ring))["publicKey"]["publicKeyPem"]

    signer = await ring.signer(post.database, post.ada.id)
    url = "https://there.example/inbox"
    headers = signer.delivery(url, b"{}", sha256=sha256_base64(b"{}"))

    request = Request("POST", url, tuple(headers.items()), b"{}")
    moment = datetime.now(UTC) + timedelta(hours=2)
    parsed = parse(request, hosts={"there.example"}, now=moment)
    verify(parsed, public_key(published), now=moment)
    assert parsed.key_id.endswith("#main-key-2")


async def test_SIG_30_one_rotation_at_a_time(post, ring, clock):
    await rotation.begin(post.database, ring, post.ada.id)

    with pytest.raises(rotation.RotationUnderWay):
        await rotation.begin(post.database, ring, post.ada.id)

    clock.advance(hours=2)
    await finished(post, ring)
    await rotation.begin(post.database, ring, post.ada.id)
    assert (await uses(post))[:3] == ["rsa shown", "rsa signs", "rsa next"]


async def test_SIG_30_another_process_notices_within_minutes(post, ring, clock):
    await ring.ensure(post.database, post.ada.id)
    elsewhere = KeyRing(SECRET)
    await rotation.begin(post.database, elsewhere, post.ada.id)
    clock.advance(hours=2)
    async with post.database.writing() as session:
        await rotation.finish(session, elsewhere)

    clock.advance(minutes=6)

    assert (await ring.ensure(post.database, post.ada.id)).rsa_id.endswith("#main-key-2")


async def test_SIG_31_new_keys_lie_sealed_like_the_first(post, ring):
    await rotation.begin(post.database, ring, post.ada.id)

    async with post.database.reading() as session:
        rows = (await session.scalars(select(Key))).all()
    assert len(rows) == 4
    assert all(b"PRIVATE" not in row.private and b"\x30\x82" not in row.private[:4] for row in rows)
    with pytest.raises(KeyUnreadable):
        await KeyRing(b"another secret of 32 bytes......").ensure(post.database, post.ada.id)
