"""The main job: Anna posts into the partner group, Bernd approves, Dimitri reads it elsewhere and answers."""

import re

from models.tables import Level, Role
from tests.journeys.conftest import Trade


async def test_a_supplier_joins_reads_what_was_approved_and_answers(trade: Trade) -> None:
    mirror = await trade.begins()
    muster, zulieferer = trade.muster, trade.zulieferer
    assert await zulieferer.is_member(zulieferer.dimitri, mirror)

    post = await muster.anna.writes("Zeichnungsstand 7 ist da.", group=trade.gehaeuse)
    await trade.settle()
    assert await zulieferer.sees(post) is False

    await muster.bernd.approves(post)
    await trade.settle()
    there = await zulieferer.finds(zulieferer.dimitri, post)
    assert there is not None
    assert "Zeichnungsstand 7" in there.html

    answer = await zulieferer.dimitri.replies(there, "Danke, passt.")
    await trade.settle()
    here = await muster.finds(muster.anna, answer)
    assert here is not None
    assert here.reply_to_id == post.id
    assert await trade.nordlicht.sees(post) is False


async def test_the_same_on_pages_without_javascript(trade: Trade) -> None:
    """The whole way over HTTP: sign-in, partners page, joining, composer, queue, thread."""
    muster, zulieferer = trade.muster, trade.zulieferer
    await muster.admits(zulieferer, gehaeuse=Level.POST)
    await zulieferer.admits(muster)
    handle = f"@gehaeuse@{muster.host}"
    async with (
        muster.browsing(muster.anna) as anna,
        muster.browsing(muster.bernd) as bernd,
        zulieferer.browsing(zulieferer.dimitri) as dimitri,
    ):
        found = await dimitri.opens(f"/join-group?address={handle}")
        page = await dimitri.sends(found.form("/membership"))
        assert page.status == 200, page.text
        await trade.settle()

        home = await anna.opens("/")
        composer = home.form("/posts")
        (group,) = [value for label, value in composer.choices["group"].items() if label.startswith("Gehaeuse")]
        page = await anna.sends(composer, text="## Zeichnungsstand 7\n\nMit **M6**.", group=group)
        assert "waits for approval" in page.text
        await trade.settle()
        assert "Zeichnungsstand 7" not in (await dimitri.opens("/")).text

        queue = await bernd.opens("/approvals")
        assert "Zulieferer" in queue.text
        page = await bernd.sends(queue.form("/approval"))
        assert "Approved" in page.text
        await trade.settle()

        page = await dimitri.opens("/")
        assert "Zeichnungsstand 7" in page.text
        (thread,) = {link for link in page.links.values() if re.fullmatch(r"/posts/\d+", link)}
        page = await dimitri.opens(thread)
        page = await dimitri.sends(page.form("/posts"), text="Danke, passt.")
        assert page.status == 200, page.text
        await trade.settle()

        assert "Danke, passt." in (await anna.opens("/groups/gehaeuse")).text


async def test_partners_keep_the_approved_text_until_the_new_one_is_approved(trade: Trade) -> None:
    await trade.begins()
    muster, zulieferer = trade.muster, trade.zulieferer
    post = await muster.anna.writes("Vier Bohrungen.", group=trade.gehaeuse)
    await muster.bernd.approves(post)
    await trade.settle()

    async def read() -> str:
        found = await zulieferer.finds(zulieferer.dimitri, post)
        assert found is not None
        return found.html

    await muster.anna.edits(post, "Fünf Bohrungen.")
    await trade.settle()
    assert "Vier" in await read()

    await muster.bernd.approves(post)
    await trade.settle()
    assert "Fünf" in await read()


async def test_what_is_withdrawn_is_withdrawn_everywhere(trade: Trade) -> None:
    await trade.begins()
    muster, zulieferer = trade.muster, trade.zulieferer
    post = await muster.anna.writes("Aus Versehen.", group=trade.gehaeuse)
    await muster.bernd.approves(post)
    await trade.settle()
    assert await zulieferer.sees(post) is True

    await muster.anna.deletes(post)
    await trade.settle()

    assert await zulieferer.sees(post) is False


async def test_nothing_goes_to_a_company_that_was_suspended_and_nothing_is_taken_from_it(trade: Trade) -> None:
    await trade.begins()
    muster, zulieferer = trade.muster, trade.zulieferer
    first = await muster.anna.writes("Noch da.", group=trade.gehaeuse)
    await muster.bernd.approves(first)
    await trade.settle()
    await muster.suspends(zulieferer)

    second = await muster.anna.writes("Nur für uns.", group=trade.gehaeuse)
    await muster.bernd.approves(second)
    there = await zulieferer.finds(zulieferer.dimitri, first)
    assert there is not None
    answer = await zulieferer.dimitri.replies(there, "Hallo?")
    await trade.settle()

    assert await zulieferer.sees(second) is False
    assert await muster.sees(answer) is False


async def test_a_supplier_writes_into_the_group_and_another_one_reads_it(trade: Trade) -> None:
    supplied = await trade.begins()
    muster, zulieferer = trade.muster, trade.zulieferer
    other = await trade.town.company("Lackierer")
    lea = await other.hires("lea", Role.ADMIN)
    await muster.admits(other, gehaeuse=Level.READ)
    await other.admits(muster)
    mirror = await other.joins(lea, "gehaeuse", at=muster)
    await trade.settle()
    assert await other.is_member(lea, mirror)

    post = await zulieferer.dimitri.writes("Muster gehen morgen raus.", group=supplied)
    await trade.settle()

    assert await muster.sees(post) is True
    assert await other.sees(post) is True
    assert await trade.nordlicht.sees(post) is False


async def test_thanks_travel_back(trade: Trade) -> None:
    await trade.begins()
    muster, zulieferer = trade.muster, trade.zulieferer
    post = await muster.anna.writes("Geschafft.", group=trade.gehaeuse)
    await muster.bernd.approves(post)
    await trade.settle()
    there = await zulieferer.finds(zulieferer.dimitri, post)
    assert there is not None

    await zulieferer.dimitri.likes(there)
    await trade.settle()

    assert "favourite" in await muster.anna.notifications()


async def test_a_group_of_another_company_is_read_by_those_it_accepted_and_nobody_else_there(trade: Trade) -> None:
    await trade.begins()
    muster, zulieferer = trade.muster, trade.zulieferer
    post = await muster.anna.writes("Für Dimitri.", group=trade.gehaeuse)
    await muster.bernd.approves(post)
    await trade.settle()
    assert await zulieferer.finds(zulieferer.dimitri, post) is not None
    assert await zulieferer.finds(zulieferer.elena, post) is None
