"""Many colleagues asked about at once get the answers that each would get alone (R-78), on both databases."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from models import policy, polls, timelines
from models.polls.asking import PollDraft
from models.posts import audiences, outlines
from models.tables import Access, Block, Post
from models.viewers import Staff
from tests.world import World


async def much(world: World) -> list[Post]:
    """Posts of every sort: for all, in groups, between two, removed, deleted, answering, boosting, quoting, asking."""
    ada, alan, grace, joan = world.ada, world.alan, world.grace, world.joan
    coffee = await alan.founds("coffee", access=Access.OPEN)
    await ada.joins(coffee)
    inside = await ada.writes("Inside #case", group=world.alpine)
    for_all = await ada.writes("For all #Case")
    beans = await alan.writes("#case of beans", group=coffee)
    removed = await ada.writes("Removed", group=coffee)
    deleted = await ada.writes("Deleted")
    posts = [
        inside,
        for_all,
        beans,
        removed,
        deleted,
        await joan.writes("With a picture", media_ids=[(await joan.uploads()).id]),
        await ada.tells(grace),
        await alan.replies(inside, "Answered inside"),
        await joan.replies(for_all, "Answered"),
        await grace.boosts(for_all),
        await ada.writes("Which one?", poll=PollDraft(options=("a", "b"), lasts=timedelta(hours=1))),
        await ada.writes("Look at this", quote_of_id=inside.id, group=world.alpine),
        await joan.writes("And at this", quote_of_id=for_all.id),
    ]
    await ada.deletes(deleted)
    async with world.database.writing() as session:
        await session.execute(update(Post).where(Post.id == removed.id).values(removed_at=Post.created_at))
        session.add(Block(actor_id=joan.id, target_id=alan.id, uri="http://lovelace.localhost:8001/blocks/1"))
        asked = await polls.ids_of(session, [posts[10].id], outside=False)
        await polls.vote(session, asked[posts[10].id], [1], by=joan.staff)
    for person, post in ((joan, for_all), (grace, for_all), (alan, inside)):
        await person.likes(post)
    return posts


def _cast(world: World) -> list[Staff]:
    return [person.staff for person in (world.ada, world.alan, world.grace, world.joan)]


async def test_R_78_the_policy_answers_for_many_as_it_does_for_one(world: World) -> None:
    ids = [post.id for post in await much(world)]
    viewers = _cast(world)
    queries: list[tuple[Any, ...]] = [
        (policy.visible_posts,),
        (policy.knew_posts,),
        (timelines.home,),
        (timelines.everything,),
        (timelines.of_company,),
        (timelines.direct,),
        (timelines.of_tag, "case"),
        (timelines.of_own_group, world.alpine.id),
    ]
    async with world.database.reading() as session:
        for query, *facts in queries:
            together = await audiences.readers_among(session, viewers, query, ids, *facts)
            alone = {
                viewer.account_id: found
                for viewer in viewers
                if (found := await outlines.among(session, viewer, query, ids, *facts))
            }
            assert together == alone, query.__name__
            assert together, query.__name__


async def test_for_whom_posts_look_the_same(world: World) -> None:
    """Each in a sort of their own who did something with one, wrote it, or sees more of what hangs on it."""
    ada, alan, grace, joan = world.ada, world.alan, world.grace, world.joan
    plain, liked = await ada.writes("Plain"), await ada.writes("Liked")
    await joan.likes(liked)
    inside = await ada.writes("Inside", group=world.alpine)
    quoting = await ada.writes("Look", quote_of_id=inside.id, group=world.alpine)
    viewers = [person.staff for person in (alan, grace, joan)]

    async with world.database.reading() as session:

        async def sorts(*posts: Post) -> set[frozenset[str]]:
            found = await audiences.alike(session, viewers, [post.id for post in posts])
            return {frozenset(viewer.username for viewer in some) for some in found}

        apart = {frozenset({"alan"}), frozenset({"grace"}), frozenset({"joan"})}
        assert await sorts(plain) == apart  # by role alone: admin, gatekeeper, staff
        everybody = [*viewers, ada.staff]
        some = await audiences.alike(session, everybody, [liked.id])
        assert len(some) == 4
        viewers = [joan.staff, ada.staff]
        assert await sorts(plain) == {frozenset({"joan"}), frozenset({"ada"})}  # who wrote it sees by which app
        viewers = [joan.staff, Staff(account_id=0, actor_id=0, username="nobody")]
        assert await sorts(plain) == {frozenset({"joan", "nobody"})}
        assert await sorts(liked) == {frozenset({"joan"}), frozenset({"nobody"})}
        assert await sorts(quoting) == {frozenset({"joan", "nobody"})}  # neither sees what it quotes
