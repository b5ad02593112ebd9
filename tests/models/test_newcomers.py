"""Actors elsewhere whom nobody has met: kept many at once, and never in the place of somebody who is known."""

from sqlalchemy import select

from models import actors, newcomers
from models.actors import RemoteActor, RemoteKey
from models.newcomers import Newcomer
from models.tables import Actor, ActorType, Key, KeyKind


def newcomer(name: str, *, host: str = "northwind.example", username: str = "", **more) -> Newcomer:
    uri = f"https://{host}/users/{name}"
    told = RemoteActor(
        uri=uri,
        type=ActorType.PERSON,
        host=host,
        username=username or name,
        url=uri,
        inbox=f"{uri}/inbox",
        display_name=name.title(),
        emoji=more.pop("emoji", {}),
    )
    keys = [RemoteKey(uri=key, kind=KeyKind.RSA, public=f"of {name}") for key in more.pop("keys", [f"{uri}#main-key"])]
    return Newcomer(told=told, keys=keys, **more)


async def test_strangers_are_kept_together_and_who_is_known_in_any_way_is_left_alone(database):
    nora, carl = newcomer("nora"), newcomer("carl")
    async with database.writing() as session:
        known = await actors.keep(session, nora.told)
        await actors.keep_keys(session, known, nora.keys)

    asked = {
        "carl": carl,
        "carl again": carl,
        "known": newcomer("nora"),
        "of a known name": newcomer("2", username="Nora"),
        "of a new name, twice": newcomer("3", username="CARL"),
        "with a key of another": newcomer("4", keys=["https://northwind.example/users/nora#main-key"]),
        "with emoji": newcomer("5", emoji={"blob": "https://northwind.example/blob.png"}),
        "of that name elsewhere": newcomer("nora", host="contoso.example"),
    }
    async with database.writing() as session:
        found = dict(zip(asked, await newcomers.keep(session, list(asked.values())), strict=True))

    assert [name for name, met in found.items() if met is not None] == ["carl", "of that name elsewhere"]
    async with database.reading() as session:
        people = {actor.uri: actor for actor in await session.scalars(select(Actor).where(Actor.host != ""))}
        kept = people[carl.told.uri]
        assert set(people) == {nora.told.uri, carl.told.uri, "https://contoso.example/users/nora"}
        assert (kept.id, kept.display_name, kept.version, kept.username_key) == (
            found["carl"].actor_id,
            "Carl",
            1,
            "carl",
        )
        assert people[nora.told.uri].version == 1
        keys = {key.uri: key.actor_id for key in await session.scalars(select(Key).where(Key.private.is_(None)))}
    assert keys[f"{carl.told.uri}#main-key"] == kept.id
    assert keys["https://northwind.example/users/nora#main-key"] == known.id


async def test_R_05_a_stranger_gets_no_key_whose_address_does_not_lead_to_it(database):
    loose = "https://northwind.example/keys/7"
    async with database.writing() as session:
        unconfirmed, confirmed = await newcomers.keep(
            session, [newcomer("nora", keys=[loose]), newcomer("carl", keys=[f"{loose}1"], confirmed=[f"{loose}1"])]
        )

    assert unconfirmed is not None and not unconfirmed.keys
    assert confirmed is not None and set(confirmed.keys) == {f"{loose}1"}
    async with database.reading() as session:
        owners = dict((await session.execute(select(Key.uri, Key.actor_id))).all())
    assert owners == {f"{loose}1": confirmed.actor_id}
