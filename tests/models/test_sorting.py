"""Lists and followed hashtags: when somebody's home is another than the usual, and that all of it goes with them."""

import pytest
from sqlalchemy import delete, select

from models import accounts, lists, tags
from models.errors import NotFound
from models.lists import ListFull, TooManyLists, Wish
from models.tables import Account, FeaturedTag, FollowedTag, ListMember, OwnList
from models.tags import TooManyTags
from tests.world import Person, World


async def sorts(person: Person) -> bool:
    async with person.database.reading() as session:
        found = await accounts.as_of_now(session, person.staff)
        assert found is not None
        return found.sorts_home


async def made(person: Person, *people: Person, is_exclusive: bool = False) -> OwnList:
    async with person.database.writing() as session:
        found = await lists.create(session, Wish(title="Team", is_exclusive=is_exclusive), by=person.staff)
        await lists.add(session, found.id, [one.id for one in people], by=person.staff)
        return found


async def test_home_is_sorted_while_a_tag_is_followed_or_a_list_keeps_somebody_apart(world: World) -> None:
    ada = world.ada.staff
    states = [await sorts(world.ada)]
    apart = await made(world.ada, is_exclusive=True)
    await made(world.ada, world.joan)
    states.append(await sorts(world.ada))
    for change in (
        lambda session: lists.add(session, apart.id, [world.grace.id], by=ada),
        lambda session: lists.change(session, apart.id, Wish(is_exclusive=False), by=ada),
        lambda session: tags.follow(session, "Tea", by=ada),
        lambda session: tags.unfollow(session, "#TEA", by=ada),
        lambda session: lists.change(session, apart.id, Wish(is_exclusive=True), by=ada),
        lambda session: lists.remove(session, apart.id, by=ada),
    ):
        async with world.database.writing() as session:
            await change(session)
        states.append(await sorts(world.ada))

    assert states == [False, False, True, False, True, False, True, False]
    assert await sorts(world.grace) is False


async def test_R_71_the_lists_and_tags_of_others_do_not_exist(world: World) -> None:
    found = await made(world.ada, world.joan)
    grace = world.grace.staff
    async with world.database.writing() as session:
        shown = await tags.feature(session, "tea", by=world.ada.staff)
        for refused in (
            lists.one(session, found.id, by=grace),
            lists.change(session, found.id, Wish(title="Ha"), by=grace),
            lists.remove(session, found.id, by=grace),
            lists.add(session, found.id, [world.alan.id], by=grace),
            lists.take_out(session, found.id, [world.joan.id], by=grace),
            tags.unfeature_id(session, shown.id, by=grace),
        ):
            with pytest.raises(NotFound):
                await refused


async def test_there_is_an_end_to_lists_their_members_and_tags(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_LISTS", 1)
    monkeypatch.setattr(lists, "_MEMBERS", 1)
    monkeypatch.setattr(tags, "_FOLLOWED", 1)
    found = await made(world.ada, world.joan)

    async with world.database.writing() as session:
        await tags.follow(session, "one", by=world.ada.staff)
        with pytest.raises(TooManyLists):
            await lists.create(session, Wish(title="More"), by=world.ada.staff)
        with pytest.raises(ListFull):
            await lists.add(session, found.id, [world.grace.id], by=world.ada.staff)
        with pytest.raises(TooManyTags):
            await tags.follow(session, "two", by=world.ada.staff)


async def test_lists_and_tags_go_with_their_person(world: World) -> None:
    await made(world.joan, world.ada, is_exclusive=True)
    joan = world.joan.staff
    async with world.database.writing() as session:
        await tags.follow(session, "tea", by=joan)
        await tags.feature(session, "tea", by=joan)
        await tags.unfeature(session, "tea", by=joan)
        await session.execute(delete(Account).where(Account.id == joan.account_id))
        for table in (OwnList, ListMember, FollowedTag, FeaturedTag):
            assert (await session.scalars(select(table.id))).all() == []
