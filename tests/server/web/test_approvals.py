"""The gate in pages: what waits, what would leave, to whom; approving and returning."""

import json

from models import approvals, deliveries, partners
from models.base import now
from models.tables import Actor, Approval, DeliveryState, Level, Post, Verdict
from tests.server.web.browser import Browser
from tests.world import MALLORY, NORTHWIND, SOUTHWIND, World, take_in


async def submission(world: World, post: Post) -> Approval:
    async with world.database.reading() as session:
        return (await approvals.latest(session, [post.id]))[post.id]


async def test_the_queue_opens_its_only_post(world: World, grace: Browser) -> None:
    await world.ada.writes("Milling begins", group=world.alpine)

    page = await grace.get("/approvals")

    assert "1 post waits for a decision." in page.words
    assert "This leaves" in page.words
    assert page.words.count("Milling begins") >= 3


async def test_the_queue_shows_several_posts_oldest_first(world: World, grace: Browser) -> None:
    await world.ada.writes("First", group=world.alpine)
    await world.ada.writes("Second", group=world.alpine)

    page = await grace.get("/approvals")

    assert "2 posts wait for a decision." in page.words
    assert page.words.index("First") < page.words.index("Second")
    assert "Choose a post" in page.words


async def test_the_page_names_the_companies_with_heads_and_what_was_agreed(world: World, grace: Browser) -> None:
    await world.ada.writes("Milling begins", group=world.alpine)

    page = await grace.get("/approvals")

    assert "Goes to 2 companies" in page.words
    assert f"1 person at Northwind {NORTHWIND} reads, replies and posts" in page.words
    assert f"Southwind (nobody there has joined yet) {SOUTHWIND}" in page.words


async def test_who_came_in_or_left_since_it_was_handed_in_is_said(world: World, grace: Browser) -> None:
    await world.ada.writes("Milling begins", group=world.alpine)
    async with world.database.writing() as session:
        await partners.suspend(session, SOUTHWIND)
        await partners.admit(session, MALLORY, levels={"alpine": Level.READ}, name="Mallory")

    page = await grace.get("/approvals")

    assert "Mallory came in since it was handed in." in page.words
    assert "Southwind is out since it was handed in." in page.words


async def test_an_edit_shows_in_words_what_changed_since_the_last_approval(world: World, grace: Browser) -> None:
    post = await world.ada.writes("The hole moves by 0.3 mm to the right", group=world.alpine)
    await world.grace.approves(post)
    await world.ada.edits(post, "The hole moves by 0.4 mm to the left")

    page = await grace.get("/approvals")

    assert "Compared with the version partners have:" in page.words
    assert "removed: 0.3" in page.words
    assert "added: 0.4" in page.words
    assert "added: left" in page.words


async def test_what_leaves_is_the_document_that_would_be_sent(world: World, grace: Browser) -> None:
    post = await world.ada.writes("Milling begins, ask @grace", group=world.alpine, title="News")
    approval = await submission(world, post)

    page = await grace.get(f"/approvals/{approval.id}/raw")

    document = json.loads(page.html)
    assert page.headers["Content-Type"].startswith("text/plain")
    assert document["id"] == post.uri
    assert "Milling begins" in document["content"]
    async with world.database.reading() as session:
        assert (await session.get_one(Post, post.id)).published_revision is None


async def test_an_approved_post_leaves_the_queue_and_shows_its_line(world: World, grace: Browser) -> None:
    post = await world.ada.writes("Milling begins", group=world.alpine)
    approval = await submission(world, post)

    sent = await grace.submit("/approvals", f"/posts/{post.id}/approval")
    queue = await grace.follow(sent)
    line = await grace.get(f"/approvals/{approval.id}")

    assert "Approved. It is on its way." in queue.words
    assert "No post waits for your decision." in queue.words
    assert "Grace approved “Milling begins”" in queue.words
    assert "Approved by Grace" in line.words
    assert not line.has_form(f"/posts/{post.id}/approval")


async def test_the_line_says_who_got_it_and_when(world: World, grace: Browser) -> None:
    post = await world.ada.writes("Milling begins", group=world.alpine)
    await world.grace.approves(post)
    approval = await submission(world, post)
    async with world.database.writing() as session:
        inboxes = [(f"http://{NORTHWIND}/inbox", NORTHWIND), (f"http://{SOUTHWIND}/inbox", SOUTHWIND)]
        await deliveries.enqueue(
            session,
            deliveries.Outgoing(
                uri="http://lovelace.localhost:8001/ap/x/1",
                type="Create",
                actor=await session.get_one(Actor, world.ada.id),
                body=b"{}",
                digest="d",
                inboxes=inboxes,
                rule="gate",
                post_id=post.id,
            ),
        )
        for delivery in (await session.scalars(deliveries.of_post(post.id))).all():
            if delivery.host == NORTHWIND:
                delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, now()

    page = await grace.get(f"/approvals/{approval.id}")

    assert "Northwind New post delivered" in page.words
    assert "Southwind New post on its way" in page.words


async def test_returning_needs_a_reason_and_keeps_what_was_typed(world: World, grace: Browser, ada: Browser) -> None:
    post = await world.ada.writes("The price is 7", group=world.alpine)
    action = f"/posts/{post.id}/return"

    refused = await grace.submit("/approvals", action, reason="   ")
    sent = await grace.fill(refused.form(action), reason="No prices, please")
    await world.settle()

    assert refused.status == 422
    assert "Say in a sentence why it comes back" in refused.words
    assert sent.status == 303
    assert "No prices, please" in (await ada.get(f"/posts/{post.id}")).words
    assert "Grace returned your post in alpine" in (await ada.get("/notifications")).words


async def test_an_edit_after_the_page_was_opened_is_not_approved_unread(world: World, grace: Browser) -> None:
    post = await world.ada.writes("Harmless words", group=world.alpine)
    form = (await grace.get("/approvals")).form(f"/posts/{post.id}/approval")
    await world.ada.edits(post, "Secret words")

    page = await grace.fill(form)

    assert page.status == 409
    assert "This was decided or changed meanwhile" in page.words
    assert "Secret words" in page.words
    assert page.form(f"/posts/{post.id}/approval").get("revision") == "2"
    async with world.database.reading() as session:
        assert (await session.get_one(Post, post.id)).published_revision is None


async def test_a_second_gatekeeper_is_told_that_it_was_decided(world: World, grace: Browser) -> None:
    post = await world.ada.writes("Milling begins", group=world.alpine)
    form = (await grace.get("/approvals")).form(f"/posts/{post.id}/return")
    await world.grace.approves(post)

    page = await grace.fill(form, reason="Too late")

    assert page.status == 409
    assert "Approved by Grace" in page.words
    assert (await submission(world, post)).verdict is Verdict.APPROVED


async def test_nobody_decides_about_their_own_post(world: World, grace: Browser) -> None:
    await take_in(world.database, world.alan, world.alpine, world.grace)
    post = await world.grace.writes("Mine", group=world.alpine)
    approval = await submission(world, post)

    queue = await grace.get("/approvals")
    page = await grace.get(f"/approvals/{approval.id}")
    sent = await grace.send(f"/posts/{post.id}/approval", {"csrf_token": page.token, "revision": "1"})

    assert "No post waits for your decision." in queue.words
    assert "You wrote this post: somebody else decides." in page.words
    assert not page.has_form(f"/posts/{post.id}/approval")
    assert sent.status == 403
    assert (await submission(world, post)).verdict is Verdict.WAITING


async def test_the_navigation_counts_what_waits_for_those_who_keep_a_gate(
    world: World, grace: Browser, ada: Browser
) -> None:
    await world.ada.writes("Milling begins", group=world.alpine)

    assert "Approvals 1" in (await grace.get("/")).words
    assert "Approvals" not in (await ada.get("/")).words


async def test_what_was_decided_is_no_duty_in_anybody_s_inbox(world: World, grace: Browser) -> None:
    post = await world.ada.writes("Milling begins", group=world.alpine)
    await world.settle()
    before = await grace.get("/notifications")
    await world.grace.approves(post)
    await world.settle()
    after = await grace.get("/notifications")

    assert "Ada hands in a post for alpine new" in before.words
    assert "Ada hands in a post for alpine" in after.words
    assert "alpine new" not in after.words
