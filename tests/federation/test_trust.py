"""Whom we believe: admission before any fetch, keys that belong to whom they are said to, and what they cost."""

import asyncio
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from federation import trust
from federation.errors import ProtocolError
from federation.fetch import FetchRefused
from federation.signatures import Request
from federation.signatures.keys import public_pem, sign_bytes
from federation.signatures.rfc9421 import signature_base
from federation.signatures.structured import InnerList, Item, serialize
from federation.trust import KeyUnavailable, NotAdmitted, TooManyKeys, keys
from federation.vocabulary import BadUrl
from models import actors
from models.errors import NotFound
from models.tables import Actor, Key
from tests.federation.neighbours import altered
from tests.keys import rsa


async def keys_of(home) -> list[str]:
    return sorted(row.uri for row in await home.rows(Key) if row.private is None and row.retired_at is None)


# Admission


async def test_B2B_2_a_host_is_admitted_by_agreement_and_by_nothing_else(home, northwind, mallory):
    async with home.database.reading() as session:
        await trust.admit(session, northwind.host)
        for host in (
            mallory.host,
            northwind.name,
            f"x.{northwind.host}",
            "northwind.localhost",
            home.instance.host,
            "",
        ):
            with pytest.raises(NotAdmitted):
                await trust.admit(session, host)


async def test_B2B_2_nothing_is_fetched_from_whom_we_did_not_admit(home, northwind, mallory):
    eve = mallory.person("eve")
    with pytest.raises(NotAdmitted):
        await trust.actor_at(home.wire, eve.id)
    with pytest.raises(NotAdmitted):
        await trust.key_for(home.wire, eve.key_id)
    northwind.redirects["/users/moved"] = eve.id
    with pytest.raises(FetchRefused):
        await trust.fetch(home.wire, f"{northwind.base_url}/users/moved")
    assert mallory.asked == []


async def test_B2B_2_a_suspension_ends_fetches_at_once(home, northwind, nora):
    assert (await trust.fetch(home.wire, nora.id)).document["id"] == nora.id
    await home.suspends(northwind)
    with pytest.raises(NotAdmitted):
        await trust.fetch(home.wire, nora.id)


async def test_R_13_our_own_ids_are_looked_up_and_never_fetched(home):
    alan = await home.actor(home.alan.id)
    assert (await trust.actor_at(home.wire, alan.uri)).id == alan.id
    with pytest.raises(NotFound):
        await trust.actor_at(home.wire, home.url("/ap/u/never"))


async def test_DISC_16_fetches_are_signed_by_our_server(home, northwind, nora):
    await trust.fetch(home.wire, nora.id)
    assert northwind.signed == northwind.asked == ["/users/nora"]


async def test_R_44_one_server_is_asked_sixty_times_a_minute_at_most(home, northwind, nora, clock):
    for _ in range(60):
        await trust.fetch(home.wire, nora.id)
    with pytest.raises(trust.TooManyFetches):
        await trust.fetch(home.wire, nora.id)
    assert len(northwind.asked) == 60
    clock.advance(seconds=2)
    assert (await trust.fetch(home.wire, nora.id)).document["id"] == nora.id


# Actors


@pytest.mark.parametrize(
    "kind", ["text/html", "image/png", "application/octet-stream", "application/json", "application/ld+json"]
)
async def test_R_11_a_file_that_only_looks_like_an_actor_is_none(home, northwind, nora, kind):
    northwind.serve(nora.document, kind=kind)
    with pytest.raises(FetchRefused):
        await trust.fetch_actor(home.wire, nora.id)


NOT_OF_ONE_SERVER = [
    {"id": "http://mallory.localhost:9/users/nora"},
    {"inbox": "http://mallory.localhost:9/inbox"},
    {"inbox": None},
    {"outbox": "https://mallory.example/outbox"},
    {"type": "Note"},
    {"preferredUsername": "nora@lovelace.localhost"},
    {"preferredUsername": "\u202eadmin"},
    {"preferredUsername": None},
]


async def test_ACT_1_R_19_R_21_an_actor_that_is_not_all_of_one_server_is_refused(home, northwind, nora, subtests):
    for changes in NOT_OF_ONE_SERVER:
        northwind.serve(altered(nora.document, **changes), at="/users/nora")
        northwind.asked.clear()
        with subtests.test(str(changes)):
            with pytest.raises(ProtocolError):
                await trust.fetch_actor(home.wire, nora.id)
            assert northwind.asked == ["/users/nora"]
            assert [actor for actor in await home.rows(Actor) if actor.host] == []


async def test_ACT_2_an_actor_is_asked_for_again_when_its_copy_is_old(home, northwind, nora, clock):
    await trust.actor_at(home.wire, nora.id)
    await trust.actor_at(home.wire, nora.id, fresh=True)
    assert northwind.asked == ["/users/nora"]
    clock.advance(hours=25)
    await trust.actor_at(home.wire, nora.id)
    assert northwind.asked == ["/users/nora"]
    await trust.actor_at(home.wire, nora.id, fresh=True)
    assert northwind.asked == ["/users/nora"] * 2


async def test_R_19_a_name_stays_with_whom_it_is_known_by(home, northwind, nora):
    first = await trust.fetch_actor(home.wire, nora.id)
    thief = altered(nora.document, id=f"{northwind.base_url}/users/thief")
    northwind.serve(altered(thief, inbox=f"{thief['id']}/inbox"))
    await trust.fetch_actor(home.wire, thief["id"])

    async with home.database.reading() as session:
        found = await actors.by_handles(session, [f"nora@{northwind.host}"])
    assert found[f"nora@{northwind.host}"].id == first.id


# Keys


async def test_SIG_26_a_key_is_found_at_its_actor(home, nora):
    known = await trust.key_for(home.wire, nora.key_id)

    assert (known.actor_uri, known.text, known.is_server) == (nora.id, public_pem(rsa(0)), False)
    assert await keys_of(home) == [f"{nora.id}#ed25519-key", nora.key_id]


async def test_SIG_26_a_key_at_a_path_of_its_own_is_found(home, northwind):
    for number, name in enumerate(("stub", "document", "named")):
        uri, key_id = f"{northwind.base_url}/users/{name}", f"{northwind.base_url}/users/{name}/main-key"
        key = {"id": key_id, "owner": uri, "publicKeyPem": public_pem(rsa(number))}
        northwind.person(name, publicKey=key_id if name == "named" else key, assertionMethod=[])
        if name == "stub":  # GoToSocial: a part of the actor under the key's address
            stub = {"id": uri, "type": "Person", "preferredUsername": name, "publicKey": key}
            northwind.serve(stub, at=f"/users/{name}/main-key")
        else:
            northwind.serve({"type": "CryptographicKey", **key})
        assert (await trust.key_for(home.wire, key_id)).actor_uri == uri


async def test_SIG_26_a_slash_before_the_fragment_is_no_hindrance(home, northwind):
    uri = f"{northwind.base_url}/users/wren"
    key = {"id": f"{uri}/#main-key", "owner": uri, "publicKeyPem": public_pem(rsa(0))}
    northwind.serve(northwind.person("wren", publicKey=key).document, at="/users/wren/")
    assert (await trust.key_for(home.wire, f"{uri}/#main-key")).actor_uri == uri


async def test_SIG_26_a_key_id_is_an_address(home, subtests):
    for key_id in (
        "acct:nora@northwind", "nora", "", "ftp://northwind.localhost/k", "http://[::1", "http://a@b.localhost/"
    ):  # fmt: skip
        with subtests.test(key_id), pytest.raises((KeyUnavailable, BadUrl, NotAdmitted)):
            await trust.key_for(home.wire, key_id)


@pytest.mark.parametrize(
    "changes",
    [
        {"publicKey__owner": "{victim}"},
        {"publicKey__owner": None},
        {"publicKey__id": "{victim}#main-key"},
        {"publicKey": None, "assertionMethod": None},
        {"publicKey__publicKeyPem": "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"},
        {"publicKey__publicKeyPem": "rubbish"},
        {"publicKey__publicKeyPem": 7},
        {"publicKey": "somewhere"},
        {"publicKey": ["a", 1, None]},
    ],
    ids=str,
)
async def test_R_05_a_key_that_its_owner_does_not_list_as_its_own_is_none(home, northwind, nora, changes):
    """Owner and key name one another (SIG-27)."""
    victim = northwind.person("victim", number=1)
    changed = {
        name: value.format(victim=victim.id) if isinstance(value, str) else value for name, value in changes.items()
    }
    northwind.serve(altered(nora.document, **changed))
    with pytest.raises(KeyUnavailable):
        await trust.key_for(home.wire, nora.key_id)
    assert victim.key_id not in await keys_of(home)


async def test_R_05_a_neighbour_cannot_take_anothers_key_id(home, northwind, nora):
    for known_before in (False, True):
        victim = northwind.person(f"victim{known_before}", number=1)
        if known_before:
            await trust.key_for(home.wire, victim.key_id)
        stolen = {"id": victim.key_id, "owner": nora.id, "publicKeyPem": public_pem(rsa(2))}
        northwind.serve(altered(nora.document, publicKey=[nora.document["publicKey"], stolen]))
        await trust.fetch_actor(home.wire, nora.id)
        known = await trust.key_for(home.wire, victim.key_id)
        assert (known.actor_uri, known.text) == (victim.id, public_pem(rsa(1)))


async def test_R_05_a_key_document_cannot_name_a_victim(home, northwind, nora):
    key_id = f"{northwind.base_url}/uploads/key"
    northwind.serve({"id": key_id, "type": "Key", "owner": nora.id, "publicKeyPem": public_pem(rsa(2))})
    with pytest.raises(KeyUnavailable):
        await trust.key_for(home.wire, key_id)


async def test_R_06_a_redirect_to_another_server_vouches_for_nobody(home, northwind, nora, mallory):
    """L19: a key is of its actor's origin."""
    await home.admits(mallory)
    mallory.serve(nora.document, at="/forged")
    northwind.redirects["/users/nora"] = f"{mallory.base_url}/forged"
    with pytest.raises(KeyUnavailable):
        await trust.key_for(home.wire, nora.key_id)

    mallory.redirects["/users/eve"] = nora.id
    northwind.redirects.clear()
    with pytest.raises(KeyUnavailable):
        await trust.key_for(home.wire, f"{mallory.base_url}/users/eve#main-key")


async def test_R_07_a_key_that_cannot_be_had_is_asked_for_once_in_five_minutes(home, northwind, clock):
    key_id = f"{northwind.base_url}/users/late#main-key"
    for _ in range(20):
        with pytest.raises(KeyUnavailable):
            await trust.key_for(home.wire, key_id)
    assert len(northwind.asked) == 1

    northwind.person("late")
    clock.advance(minutes=6)
    assert (await trust.key_for(home.wire, key_id)).uri == key_id


async def test_R_07_many_who_wait_for_one_key_ask_once(home, northwind, nora):
    found = await asyncio.gather(*(trust.key_for(home.wire, nora.key_id) for _ in range(20)))
    assert (len({known.actor_uri for known in found}), len(northwind.asked)) == (1, 1)


async def test_R_07_a_key_that_came_while_somebody_looked_for_it_here_is_not_asked_for_again(
    home, northwind, nora, monkeypatch
):
    looks, goes_on = asyncio.Event(), asyncio.Event()
    stored = keys._stored

    async def slowly(session, key_ids):
        found = await stored(session, key_ids)
        looks.set()
        await goes_on.wait()
        return found

    monkeypatch.setattr(keys, "_stored", slowly)
    late = asyncio.create_task(trust.key_for(home.wire, nora.key_id))
    await looks.wait()
    monkeypatch.setattr(keys, "_stored", stored)
    first = await trust.key_for(home.wire, nora.key_id)
    goes_on.set()

    assert await late == first
    assert len(northwind.asked) == 1


async def test_R_07_ten_new_keys_of_a_server_a_minute_are_enough(home, northwind, clock):
    people = [northwind.person(f"p{number}") for number in range(12)]
    for person in people[:10]:
        await trust.key_for(home.wire, person.key_id)
    with pytest.raises(TooManyKeys):
        await trust.key_for(home.wire, people[10].key_id)
    clock.advance(minutes=1)
    assert (await trust.key_for(home.wire, people[10].key_id)).actor_uri == people[10].id


async def test_SIG_28_a_key_lasts_a_day_without_being_asked_for(home, northwind, nora, clock):
    await trust.key_for(home.wire, nora.key_id)
    clock.advance(hours=23)
    await trust.key_for(home.wire, nora.key_id)
    assert len(northwind.asked) == 1
    clock.advance(hours=2)
    await trust.key_for(home.wire, nora.key_id)
    assert len(northwind.asked) == 2


async def test_R_07_a_rotated_key_is_noticed_and_the_old_one_is_dead(home, northwind, nora, clock):
    path = "/ap/u/never"
    assert (await nora.gets(home, path)).status == 404
    northwind.person("nora", number=1)
    new = rsa(1)

    assert (await nora.gets(home, path, private_key=new)).status == 404
    assert (await nora.gets(home, path)).status == 401
    assert len(northwind.asked) == 2  # the refetch for the old key has been spent on the new one


async def test_R_07_forged_signatures_cost_one_refetch(home, northwind, nora):
    await nora.gets(home, "/ap/u/never")
    for _ in range(20):
        assert (await nora.gets(home, "/ap/u/never", private_key=rsa(2))).status == 401
    assert len(northwind.asked) == 2
    assert (await nora.gets(home, "/ap/u/never")).status == 404


async def test_R_07_nothing_is_fetched_for_what_fails_the_cheap_checks(home, northwind, nora):
    late = datetime(2020, 1, 1, tzinfo=UTC)
    answers = [
        await nora.gets(home, "/ap/u/never", now=late),
        await home.request("GET", "/ap/u/never", headers={"Signature": f'keyId="{nora.key_id}"'}),
        await nora.posts(home, b"{}", now=late),
        await nora.posts(home, nora.does("Like", "x"), change={"Digest": "SHA-256=AAAA"}),
    ]
    assert [answer.status for answer in answers] == [401, 401, 400, 401]
    assert northwind.asked == []


async def test_R_08_small_keys_are_no_keys(home, northwind):
    small = generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the point of the test
    person = northwind.person("tiny")
    northwind.serve(altered(person.document, publicKey__publicKeyPem=public_pem(small)))
    assert (await person.gets(home, "/ap/u/never", private_key=small)).status == 401
    northwind.serve(person.document)
    home.wire.memory.missing_keys.drop(person.key_id)
    assert (await person.gets(home, "/ap/u/never")).status == 404


async def test_SIG_18_a_nonce_counts_once(home, nora):
    uri = home.url("/ap/u/never")
    described = InnerList(
        (Item("@method"), Item("@target-uri")),
        {"created": int(datetime.now(UTC).timestamp()), "keyid": nora.key_id, "nonce": "once"},
    )
    signature = sign_bytes(rsa(0), signature_base(described, Request("GET", uri, ())))
    headers = {"Signature-Input": f"a={serialize(described)}", "Signature": f"a={serialize(Item(signature))}"}

    assert (await home.request("GET", uri, headers=headers)).status == 404
    assert (await home.request("GET", uri, headers=headers)).status == 401
