"""Keeping a group in order in pages: plain forms, for those who may (GRP-11 to GRP-13)."""

from models.tables import MemberRole
from tests.server.web.browser import Browser
from tests.world import World


async def test_GRP_11_a_post_is_taken_out_with_a_reason_and_brought_back(
    world: World, alan: Browser, ada: Browser
) -> None:
    post = await world.ada.writes("Buy this", group=world.alpine)
    at, removal = f"/posts/{post.id}/moderation", f"/posts/{post.id}/removal"
    assert at in (await alan.get("/groups/alpine")).html

    refused = await alan.submit(at, removal, reason=" ")
    assert "Say in a sentence why: the author is told" in refused.words
    out = await alan.follow(await alan.submit(at, removal, reason="advertising"))
    assert "The post is out of the group. Its author is told why." in out.words

    await world.settle()
    assert "Alan took your post out of alpine" in (await ada.get("/notifications")).words
    shown = (await ada.get(f"/posts/{post.id}")).words
    assert "Alan took this out of the group" in shown
    assert "advertising" in shown
    back = await alan.follow(await alan.submit(at, f"/posts/{post.id}/restoration"))
    assert "The post is back in the group." in back.words


async def test_GRP_11_who_keeps_nothing_gets_no_form(world: World, ada: Browser) -> None:
    post = await world.alan.writes("Ours", group=world.alpine)

    assert "/moderation" not in (await ada.get("/groups/alpine")).html
    assert (await ada.get(f"/posts/{post.id}/moderation")).status == 403
    token = (await ada.get("/groups/alpine")).token
    forced = await ada.send(f"/posts/{post.id}/removal", {"csrf_token": token, "reason": "because"})
    assert forced.status == 403


async def test_GRP_13_pins_stand_on_top_and_closed_conversations_take_no_answer(
    world: World, alan: Browser, ada: Browser
) -> None:
    post = await world.alan.writes("Read me first", group=world.alpine)
    at = f"/posts/{post.id}/moderation"
    await alan.submit(at, f"/posts/{post.id}/pin")
    await alan.submit(at, f"/posts/{post.id}/lock")

    page = await ada.get("/groups/alpine")
    assert "On top" in page.words
    thread = await ada.get(f"/posts/{post.id}")
    assert "This conversation is closed." in thread.words
    assert 'name="reply_to"' not in thread.html
    await alan.submit(at, f"/posts/{post.id}/pin")
    assert "On top" not in (await ada.get("/groups/alpine")).words


async def test_GRP_13_an_owner_names_a_moderator_who_then_keeps_order(
    world: World, alan: Browser, ada: Browser
) -> None:
    members = "/groups/alpine/members"
    await alan.submit(members, f"{members}/{world.ada.id}/role", role=str(MemberRole.MODERATOR))
    post = await world.alan.writes("Ours", group=world.alpine)

    assert (await ada.get(f"/posts/{post.id}/moderation")).status == 200
    assert "Moderators" in (await ada.get("/groups/alpine/about")).words
    assert "Moderator" in (await ada.get(members)).words


async def test_GRP_12_a_member_is_banned_and_the_ban_is_lifted(world: World, alan: Browser, ada: Browser) -> None:
    members = "/groups/alpine/members"
    at = f"{members}/{world.nora.id}/ban"
    assert at in (await alan.get(members)).html
    refused = await alan.submit(at, at, reason="spam", until="soon")
    assert "Write the day as year, month and day, or leave it empty" in refused.words

    out = await alan.follow(await alan.submit(at, at, reason="spam", until="2036-03-01", posts="on"))

    assert "They are out of the group and stay out." in out.words
    assert "Banned from the group" in out.words
    assert "spam" in out.words
    assert "Banned from the group" not in (await ada.get(members)).words
    lifted = await alan.follow(await alan.submit(members, f"/groups/alpine/bans/{world.nora.id}/end"))
    assert "The ban is lifted. They may join again." in lifted.words
    assert (await ada.get(f"{members}/{world.alan.id}/ban")).status == 403


async def test_GRP_7_a_post_without_a_title_gives_its_page_the_first_line(world: World, ada: Browser) -> None:
    post = await world.ada.writes("@alpine Who has 3 mm?\n\nWe need it.", group=world.alpine)
    titled = await world.ada.writes("Text", title="Tubes", group=world.alpine)

    assert "<title>Who has 3 mm?" in (await ada.get(f"/posts/{post.id}")).html
    assert "<title>Tubes" in (await ada.get(f"/posts/{titled.id}")).html
