"""Two companies go through everything that a shared group knows; a third one, not admitted, sees none of it."""

from collections.abc import Iterable
from typing import Any

import aiohttp
import pytest
from sqlalchemy import func, select

from federation.errors import ProtocolError
from federation.vocabulary import ACCEPT
from federation.wire import WIRE
from models import groups, moderation, reactions
from models.errors import DomainError
from models.introductions import key_of
from models.tables import Activity, Actor, Like, Membership, MemberState, Post, Received
from tests.journeys.conftest import Trade
from tests.town import Company
from tests.world import Person

SECRET = "Zeichnungsstand-7f3k9q"


async def rows(company: Company, table: Any, *where: Any) -> list[Any]:
    async with company.database.reading() as session:
        return list(await session.scalars(select(table).where(*where)))


async def likes(company: Company) -> int:
    async with company.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Like)) or 0


async def actor(company: Company, actor_id: int) -> Actor:
    async with company.database.reading() as session:
        return await session.get_one(Actor, actor_id)


async def unlikes(company: Company, person: Person, post: Post) -> None:
    async with company.database.writing() as session:
        await reactions.unlike(session, post.id, by=person.staff)


async def standing(company: Company, person: Person) -> list[MemberState]:
    return [row.state for row in await rows(company, Membership, Membership.actor_id == person.id)]


async def test_conformance_2_follow_post_reply_like_undo_edit_delete_ban_leave_suspend_readmit(trade: Trade) -> None:
    """GRP-2, GRP-8 to GRP-12, GRP-17, B2B-2, B2B-3, L1 to L7, L15."""
    muster, zulieferer, nordlicht = trade.muster, trade.zulieferer, trade.nordlicht
    anna, bernd, dimitri = muster.anna, muster.bernd, zulieferer.dimitri
    seen: set[str] = set()

    mirror = await trade.begins()
    assert await zulieferer.is_member(dimitri, mirror)

    # post, reply, like, undo
    post = await anna.writes(SECRET, group=trade.gehaeuse)
    await bernd.approves(post)
    await trade.settle()
    there = await zulieferer.finds(dimitri, post)
    assert there is not None
    answer = await dimitri.replies(there, f"Danke, {SECRET} passt.")
    await dimitri.likes(there)
    await trade.settle()
    assert await likes(muster) == 1
    here = await muster.finds(anna, answer)
    assert here is not None
    assert here.reply_to_id == post.id

    # undo, and edit, both ways
    await unlikes(zulieferer, dimitri, there)
    await anna.edits(post, f"{SECRET}, neue Fassung")
    await bernd.approves(post)
    await dimitri.edits(answer, f"Danke, {SECRET} passt doch nicht.")
    await trade.settle()
    assert await likes(muster) == 0
    changed = await zulieferer.finds(dimitri, post)
    assert changed is not None
    assert "neue Fassung" in changed.html
    here = await muster.finds(anna, answer)
    assert here is not None
    assert "doch nicht" in here.html
    seen |= await looked_at_by_the_third(trade, [post, answer], seen)

    # delete, both ways, and leave
    await dimitri.deletes(answer)
    await anna.deletes(post)
    await dimitri.leaves(mirror)
    await trade.settle()
    assert await zulieferer.sees(post) is False
    assert await muster.sees(answer) is False
    unseen = await released(trade, f"{SECRET} ohne Dimitri")
    assert await zulieferer.sees(unseen) is False
    await dimitri.joins(mirror)
    await trade.settle()
    assert await zulieferer.is_member(dimitri, mirror)
    assert await zulieferer.sees(unseen) is True  # GRP-15: who comes back reads what was said meanwhile

    # ban, and let in again
    theirs = await muster_knows(muster, await actor(zulieferer, dimitri.id))
    async with muster.database.writing() as session:
        group = await groups.by_id(session, anna.staff, trade.gehaeuse.id)
        await moderation.ban(session, group, theirs.id, by=anna.staff, reason="Werbung")
    await trade.settle()
    assert await standing(zulieferer, dimitri) == [MemberState.REFUSED]
    await dimitri.joins(mirror)
    refused = await released(trade, f"{SECRET} nach dem Bann")
    assert await zulieferer.sees(refused) is False
    assert not await zulieferer.is_member(dimitri, mirror)
    async with muster.database.writing() as session:
        group = await groups.by_id(session, anna.staff, trade.gehaeuse.id)
        await moderation.unban(session, group, theirs.id, by=anna.staff)
    await dimitri.joins(mirror)
    await trade.settle()
    assert await zulieferer.is_member(dimitri, mirror)

    # suspend, and admit again
    await muster.suspends(zulieferer)
    hidden = await released(trade, f"{SECRET} während der Sperre")
    assert await zulieferer.sees(hidden) is False
    there_was = [post.uri, hidden.uri, (await actor(muster, trade.gehaeuse.id)).uri]
    assert {status for status, _ in await answers(zulieferer, muster, there_was, signs=True)} == {404}
    await muster.admits(zulieferer)
    await trade.settle()
    assert await standing(zulieferer, dimitri) == [MemberState.REFUSED]  # they hear that they are out
    await dimitri.joins(mirror)
    await trade.settle()
    assert await zulieferer.sees(hidden) is True
    seen |= await looked_at_by_the_third(trade, [unseen, refused, hidden], seen)
    assert len(seen) > 20, "the third company looked at next to nothing"
    assert await rows(nordlicht, Post) == []
    assert await rows(nordlicht, Received) == []


async def released(trade: Trade, text: str) -> Post:
    post = await trade.muster.anna.writes(text, group=trade.gehaeuse)
    await trade.muster.bernd.approves(post)
    await trade.settle()
    return post


async def muster_knows(muster: Company, theirs: Actor) -> Actor:
    (found,) = await rows(muster, Actor, Actor.uri == theirs.uri)
    assert isinstance(found, Actor)
    return found


# The third one


async def looked_at_by_the_third(trade: Trade, posts: Iterable[Post], seen: set[str]) -> set[str]:
    """Every address that Nordlicht could know or guess, signed and unsigned: all of it answers like nothing at all."""
    muster, zulieferer, nordlicht = trade.muster, trade.zulieferer, trade.nordlicht
    group = await actor(muster, trade.gehaeuse.id)
    anna = await actor(muster, muster.anna.id)
    dimitri = await actor(zulieferer, zulieferer.dimitri.id)
    found = [group.uri, group.url, f"{group.uri}/members/{key_of(dimitri.uri)}"]
    for one in (group, anna):
        found += [f"{one.uri}/{name}" for name in ("outbox", "followers", "following", "featured", "synchronization")]
        found.append(f"{one.uri}/outbox?page=true")
        found.append(f"{muster.base_url}/.well-known/webfinger?resource=acct:{one.username}@{muster.host}")
    found += [f"{group.uri}/moderators", f"{group.uri}/followers?is_follower={dimitri.uri}", anna.url]
    for post in posts:
        found += [post.uri, f"{post.uri}/replies", post.context_uri or "", post.url or ""]
    found += [row.uri for row in await rows(muster, Activity)]
    addresses = sorted({one for one in found if one.startswith(muster.base_url)} - set(seen))
    asked = [f"{muster.base_url}/ap/o/never", *addresses]
    both = [await answers(nordlicht, muster, asked, signs=signs) for signs in (True, False)]
    nothing, *answered = zip(*both, strict=True)
    for one, told in zip(addresses, answered, strict=True):
        for status, body in told:
            assert status in (401, 404), one
            assert SECRET not in body, one
            if "/ap/" in one:
                assert (status, body) in nothing, one
    with pytest.raises((DomainError, ProtocolError)):
        await nordlicht.looks_up(nordlicht.gesa, f"@gehaeuse@{muster.host}")
    return set(addresses)


async def answers(asker: Company, asked: Company, urls: Iterable[str], *, signs: bool) -> list[tuple[int, str]]:
    """What comes back when one server asks another for each of `urls`."""
    wire = asker.app[WIRE]
    signer = await wire.keys.instance_signer(wire.database)
    port = asked.base_url.rpartition(":")[2]
    found = []
    async with aiohttp.ClientSession() as client:
        for url in urls:
            headers = dict(signer("GET", url, accept=ACCEPT)) if signs else {"Accept": ACCEPT, "Host": asked.host}
            local = f"http://127.0.0.1:{port}{url.removeprefix(asked.base_url)}"
            async with client.get(local, headers=headers, allow_redirects=False) as answer:
                found.append((answer.status, await answer.text()))
    return found
