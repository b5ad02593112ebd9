"""The main job: Anna posts into the partner group, Bernd approves, Dimitri reads it elsewhere and answers."""

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
