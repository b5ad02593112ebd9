"""The gate: what waits, who decides, and what partners have meanwhile."""

from tests.world import World


async def test_a_partner_sees_a_post_once_a_gatekeeper_approves(world: World) -> None:
    post = await world.ada.writes("Quarterly figures", group=world.alpine)
    assert await world.northwind.sees(post) is False

    await world.grace.approves(post)

    assert await world.northwind.sees(post) is True
    assert await world.mallory.sees(post) is False
