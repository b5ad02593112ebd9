"""Who sees what: every kind of post, in every state, for everybody who may ask. The table is the specification."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from models import media, policy
from models.base import now
from models.errors import NotFound
from models.groups import NotAMember
from models.posts import writing
from models.posts.drafts import CannotLeaveHere, OutsiderMentioned
from models.tables import Access, Actor, Disclosure, Group, Media, Post, Reach, Visibility
from tests.world import NORTHWIND, Person, World, take_in

VIEWERS = ("author", "member", "colleague", "gatekeeper", "northwind", "southwind", "eastwind", "mallory", "anybody")

#                                                author   collea.  northw.  eastw.  anybody
#                                                    member   gatek.   southw.  mallory
TABLE = {
    "for the company":                              "x  x  x  x  -  -  -  -  -",
    "in an internal open group":                    "x  x  x  x  -  -  -  -  -",
    "in an internal closed group":                  "x  x  -  -  -  -  -  -  -",
    "in a closed partner group":                    "x  x  -  -  x  -  -  -  -",
    "in an open partner group":                     "x  x  x  x  x  -  -  -  -",
    "in a gated partner group, waiting":            "x  x  -  x  -  -  -  -  -",
    "in a gated partner group, approved":           "x  x  -  x  x  -  -  -  -",
    "in a gated partner group, returned":           "x  x  -  x  -  -  -  -  -",
    "in a gated partner group, withdrawn":          "-  -  -  -  -  -  -  -  -",
    "in a partner group that was closed again":     "x  x  x  x  -  -  -  -  -",
    "in a group before it was opened":              "x  x  x  x  -  -  -  -  -",
    "in a public group":                            "x  x  x  x  x  x  -  -  x",
    "in a public group, deleted":                   "-  -  -  -  -  -  -  -  -",
    "a reply in a public group":                    "x  x  x  x  x  x  -  -  x",
    "direct, to the member":                        "x  x  -  -  -  -  -  -  -",
    "direct, to the colleague":                     "x  -  x  -  -  -  -  -  -",
    "a boost of a post for the company":            "x  x  x  x  -  -  -  -  -",
    "a boost of a post in a closed partner group":  "x  x  -  -  -  -  -  -  -",
}  # fmt: skip


class Places:
    """Makes the post of each line. The author is Ada, the member Alan, the colleague Joan."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def group(self, reach: Reach, access: Access, *, gated: bool = False) -> Group:
        """A group of Alan's that Ada belongs to and, where it is not internal, Northwind's Nora."""
        group = await self.world.alan.founds("place", reach=reach, access=access, is_gated=gated)
        await take_in(self.world.database, self.world.alan, group, self.world.ada)
        if reach is not Reach.INTERNAL:
            await self.world.shares(group)
            await self.world.northwind.joins(group, as_=self.world.nora)
        return group

    async def post(self, line: str) -> Post:
        world = self.world
        match line:
            case "for the company":
                return await world.ada.writes("News")
            case "in an internal open group":
                return await world.ada.writes("News", group=await self.group(Reach.INTERNAL, Access.OPEN))
            case "in an internal closed group":
                return await world.ada.writes("News", group=await self.group(Reach.INTERNAL, Access.CLOSED))
            case "in a closed partner group":
                return await world.ada.writes("News", group=await self.group(Reach.PARTNERS, Access.CLOSED))
            case "in an open partner group":
                return await world.ada.writes("News", group=await self.group(Reach.PARTNERS, Access.OPEN))
            case "in a gated partner group, waiting":
                return await world.ada.writes("News", group=world.alpine)
            case "in a gated partner group, approved":
                return await world.grace.approves(await world.ada.writes("News", group=world.alpine))
            case "in a gated partner group, returned":
                return await world.grace.returns(await world.ada.writes("News", group=world.alpine), "Not yet")
            case "in a gated partner group, withdrawn":
                return await world.ada.deletes(await world.ada.writes("News", group=world.alpine))
            case "in a partner group that was closed again":
                group = await self.group(Reach.PARTNERS, Access.OPEN)
                post = await world.ada.writes("News", group=group)
                await world.alan.opens(group, Reach.INTERNAL)
                return post
            case "in a group before it was opened":
                group = await self.group(Reach.INTERNAL, Access.OPEN)
                post = await world.ada.writes("News", group=group)
                await world.alan.opens(group, Reach.PUBLIC)
                await world.northwind.joins(group, as_=world.nora)
                return post
            case "in a public group":
                return await world.ada.writes("News", group=await self.group(Reach.PUBLIC, Access.OPEN))
            case "in a public group, deleted":
                group = await self.group(Reach.PUBLIC, Access.OPEN)
                return await world.ada.deletes(await world.ada.writes("News", group=group))
            case "a reply in a public group":
                post = await world.alan.writes("News", group=await self.group(Reach.PUBLIC, Access.OPEN))
                return await world.ada.replies(post, "Yes")
            case "direct, to the member":
                return await world.ada.tells(world.alan)
            case "direct, to the colleague":
                return await world.ada.tells(world.joan)
            case "a boost of a post for the company":
                return await world.ada.boosts(await world.alan.writes("News"))
            case "a boost of a post in a closed partner group":
                group = await self.group(Reach.PARTNERS, Access.CLOSED)
                return await world.ada.boosts(await world.alan.writes("News", group=group))
        raise AssertionError(line)


@pytest.mark.parametrize("line", TABLE)
async def test_a_post_exists_for_exactly_those_it_is_for(world: World, line: str) -> None:
    post = await Places(world).post(line)
    ask: dict[str, Callable[[Post], Awaitable[bool]]] = {
        "author": world.ada.sees,
        "member": world.alan.sees,
        "colleague": world.joan.sees,
        "gatekeeper": world.grace.sees,
        "northwind": world.northwind.sees,
        "southwind": world.southwind.sees,
        "eastwind": world.eastwind.sees,
        "mallory": world.mallory.sees,
        "anybody": world.anybody.sees,
    }
    seen = [name for name in VIEWERS if await ask[name](post)]
    assert seen == [name for name, mark in zip(VIEWERS, TABLE[line].split(), strict=True) if mark == "x"]


GROUPS = {
    "internal": "-  -  -  -  -",
    "partners": "x  x  -  -  -",
    "public":   "x  x  -  -  x",
}  # fmt: skip


@pytest.mark.parametrize("reach", GROUPS)
async def test_a_group_is_known_outside_as_far_as_it_reaches(world: World, reach: str) -> None:
    group = await world.alan.founds("place", reach=Reach(reach))
    if reach != "internal":
        await world.shares(group)
    outsiders = (world.northwind, world.southwind, world.eastwind, world.mallory, world.anybody)
    seen = ["x" if await outsider.sees_group(group) else "-" for outsider in outsiders]
    assert seen == GROUPS[reach].split()


async def test_a_partner_without_a_member_knows_a_group_and_reads_nothing_in_it(world: World) -> None:
    post = await world.grace.approves(await world.ada.writes("News", group=world.alpine))
    assert await world.southwind.sees_group(world.alpine) is True
    assert await world.southwind.sees(post) is False


async def test_a_suspension_takes_everything_away_at_once(world: World) -> None:
    post = await world.grace.approves(await world.ada.writes("News", group=world.alpine))
    assert await world.northwind.sees(post) is True

    await world.suspends(NORTHWIND)

    assert await world.northwind.sees(post) is False
    assert await world.northwind.sees_group(world.alpine) is False


async def test_a_colleague_is_unknown_outside_until_something_of_theirs_left(world: World) -> None:
    assert await world.northwind.sees_person(world.ada) is False

    async with world.database.writing() as session:
        session.add(Disclosure(actor_id=world.ada.id, host=NORTHWIND))

    assert await world.northwind.sees_person(world.ada) is True
    assert await world.southwind.sees_person(world.ada) is False
    assert await world.anybody.sees_person(world.ada) is False


async def test_the_outside_sees_the_files_of_the_revision_that_left_and_no_others(world: World) -> None:
    old, new = await world.ada.uploads("old"), await world.ada.uploads("new")
    post = await world.ada.writes("Drawing", group=world.alpine, media_ids=[old.id])
    await world.grace.approves(post)
    await world.ada.edits(post, "Drawing", media_ids=[new.id])

    assert await _fetches(world, NORTHWIND) == {old.id}

    await world.grace.approves(post)

    assert await _fetches(world, NORTHWIND) == {new.id}
    assert await _fetches(world, None) == set()


async def _fetches(world: World, host: str | None) -> set[int]:
    viewer = await (world.northwind if host else world.anybody).viewer()
    async with world.database.reading() as session:
        return set(await session.scalars(policy.visible_media(viewer).with_only_columns(Media.id)))


async def test_a_file_of_an_internal_post_is_not_there_for_the_outside(world: World) -> None:
    picture = await world.ada.uploads("internal")
    await world.ada.writes("Drawing", media_ids=[picture.id])
    async with world.database.reading() as session:
        with pytest.raises(NotFound):
            await media.visible(session, await world.northwind.viewer(), file=picture.file)
        assert (await media.visible(session, world.joan.staff, file=picture.file)).id == picture.id


async def test_what_was_withdrawn_is_a_gap_for_those_who_had_it_and_nothing_for_others(world: World) -> None:
    post = await world.grace.approves(await world.ada.writes("News", group=world.alpine))
    async with world.database.writing() as session:
        await writing.note_departure(session, post.id, [(f"http://{NORTHWIND}/inbox", NORTHWIND)], 1)
    internal = await world.ada.writes("Inside")
    await world.ada.deletes(post)
    await world.ada.deletes(internal)
    gaps = {}
    for name in ("northwind", "southwind", "mallory", "anybody"):
        viewer = await getattr(world, name).viewer()
        async with world.database.reading() as session:
            gaps[name] = list(await session.scalars(policy.withdrawn_posts(viewer).with_only_columns(Post.id)))
    assert gaps == {"northwind": [post.id], "southwind": [], "mallory": [], "anybody": []}


async def test_a_post_that_stays_in_the_house_names_nobody_outside_unasked(world: World) -> None:
    with pytest.raises(OutsiderMentioned) as refused:
        await world.ada.writes(f"As @nora@{NORTHWIND} said")
    assert refused.value.facts["people"] == [f"nora@{NORTHWIND}"]

    post = await world.ada.writes(f"As @nora@{NORTHWIND} said", names_outsiders=True)

    assert await world.northwind.sees(post) is False


async def test_nobody_posts_to_the_whole_world_past_the_groups(world: World) -> None:
    with pytest.raises(CannotLeaveHere):
        await world.ada.writes("Everybody!", visibility=Visibility.PUBLIC)


async def test_an_actor_that_was_deleted_is_seen_by_nobody(world: World) -> None:
    async with world.database.writing() as session:
        (await session.get_one(Actor, world.alpine.id)).deleted_at = now()
    async with world.database.reading() as session:
        for viewer in (world.alan.staff, await world.northwind.viewer(), await world.anybody.viewer()):
            known = policy.visible_groups(viewer).where(Group.id == world.alpine.id).with_only_columns(Group.id)
            assert await session.scalar(known) is None


@pytest.mark.parametrize("person", ["joan", "grace"])
async def test_only_members_post_in_a_group(world: World, person: str) -> None:
    outsider: Person = getattr(world, person)
    with pytest.raises(NotAMember):
        await outsider.writes("May I?", group=world.alpine)
    async with world.database.reading() as session:
        assert (await session.scalars(select(Post))).all() == []
