"""Statements that are built once must answer each person for themselves."""

import pytest

from models import blocks, policy, prepared, timelines
from models.paging import Page
from models.posts import outlines
from models.tables import Access, Actor
from models.viewers import ANONYMOUS
from tests.world import NORTHWIND, Outsider, Person, World


async def home(world: World, person: Person, page: Page | None = None) -> list[int]:
    async with world.database.reading() as session:
        lines = await outlines.page_for(session, person.staff, timelines.home, page or Page())
        return [line.post.id for line in lines]


async def test_two_people_with_one_role_get_their_own_lists(world: World) -> None:
    secret = await world.ada.writes("Secret", group=world.alpine)

    assert await home(world, world.ada) == [secret.id]
    assert await home(world, world.joan) == []
    assert await home(world, world.ada) == [secret.id]


async def test_a_role_that_reads_more_reads_more(world: World) -> None:
    secret = await world.ada.writes("Secret", group=world.alpine)

    async with world.database.reading() as session:
        seen = {
            person.staff.username: list(await outlines.outlines_of(session, person.staff, [secret.id]))
            for person in (world.ada, world.grace, world.joan, world.alan)
        }
        outside = await outlines.outlines_of(session, ANONYMOUS, [secret.id])

    assert seen == {"ada": [secret.id], "grace": [secret.id], "joan": [], "alan": [secret.id]}
    assert outside == {}


@pytest.mark.parametrize(
    ("borders", "expected"),
    [({}, [3, 2]), ({"max_id": 2}, [1, 0]), ({"since_id": 0}, [3, 2]), ({"min_id": 0}, [2, 1]), ({"min_id": 3}, [])],
)
async def test_a_kept_page_takes_its_numbers_each_time(
    world: World, borders: dict[str, int], expected: list[int]
) -> None:
    ids = [(await world.ada.writes(f"Number {number}")).id for number in range(4)]
    page = Page(limit=2, **{name: ids[number] for name, number in borders.items()})

    assert await home(world, world.grace, page) == [ids[number] for number in expected]
    assert await home(world, world.grace, Page(limit=1)) == [ids[3]]


async def test_marks_are_the_viewers_own_and_counts_what_they_may_see(world: World) -> None:
    group = await world.alan.founds("circle", access=Access.CLOSED)
    post = await world.ada.writes("For all")
    hidden = await world.alan.writes("Inside", group=group)
    await world.ada.likes(post)
    await world.grace.boosts(post)
    await world.ada.replies(post, "One")

    async with world.database.reading() as session:
        ada = await outlines.marks(session, world.ada.staff, [post.id, hidden.id])
        grace = await outlines.marks(session, world.grace.staff, [post.id, hidden.id])
        nobody = await outlines.marks(session, ANONYMOUS, [post.id])

    assert (set(ada.liked), set(grace.liked)) == ({post.id}, set())
    assert (set(ada.boosted), set(grace.boosted)) == (set(), {post.id})
    assert ada.likes == grace.likes == {post.id: 1}
    assert ada.replies == grace.replies == {post.id: 1}
    assert (nobody.replies, nobody.boosts) == ({}, {})


async def test_R_70_servers_get_each_their_own_from_one_statement(world: World) -> None:
    from federation import questions

    post = await world.ada.writes("For the partners", group=world.alpine)
    await world.grace.approves(post)

    async def sees(outsider: Outsider) -> bool:
        viewer = await outsider.viewer()
        async with world.database.reading() as session:
            return await prepared.find(session, viewer, questions.post_with, id=post.id) is not None

    everybody = (world.northwind, world.southwind, world.eastwind, world.mallory, world.anybody)
    for _ in range(2):
        assert [await sees(one) for one in everybody] == [True, False, False, False, False]
    assert [await sees(one) for one in reversed(everybody)] == [False, False, False, False, True]


async def test_R_79_a_statement_knows_who_of_a_server_asks(world: World) -> None:
    from federation import questions

    post = await world.ada.writes("For the partners", group=world.alpine)
    await world.grace.approves(post)
    async with world.database.writing() as session:
        await blocks.block(session, await session.get_one(Actor, world.nora.id), by=world.ada.staff)

    async def sees(actor_id: int | None) -> bool:
        async with world.database.reading() as session:
            viewer = await policy.remote_viewer(session, NORTHWIND, actor_id)
            return await prepared.find(session, viewer, questions.post_with, id=post.id) is not None

    for _ in range(2):
        assert [await sees(None), await sees(world.nora.id), await sees(world.alan.id)] == [True, False, True]


@pytest.mark.parametrize("length", [0, 1, 2, 3, 5, 64, 65])
def test_a_list_is_padded_with_its_last_to_a_power_of_two(length: int) -> None:
    values = list(range(length))

    found = prepared.padded(iter(values))

    assert found[:length] == values
    assert set(found) == set(values)
    assert len(found) in (0, 1, 2, 4, 8, 64, 128)
    assert len(found) < 2 * max(length, 1)
