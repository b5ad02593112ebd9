"""Posts of ours as documents: only what was released, addressed as its reach says, and nothing that must stay."""

import pytest
from sqlalchemy import update

from federation.documents.post import gather, parse, render
from federation.documents.refusals import StaysHere
from federation.vocabulary import PUBLIC
from models import actors, groups, partners
from models.base import now
from models.media import StoredFile, add, random_name
from models.tables import (
    Access,
    Actor,
    ActorType,
    Group,
    Level,
    Membership,
    MemberState,
    Post,
    Reach,
    Revision,
    Visibility,
)
from tests.world import NORTHWIND, Outsider, Person, World, take_in

TABLE = "| Steel | mm |\n|---|---|\n| 1.4301 | 3 |\n| 1.4404 | 4 |\n"


async def document(world: World, post: Post):
    async with world.database.reading() as session:
        return await render(session, await session.get_one(Post, post.id))


async def refusal(world: World, post: Post):
    async with world.database.reading() as session:
        with pytest.raises(StaysHere) as caught:
            await gather(session, await session.get_one(Post, post.id))
    return caught.value.facts["reason"]


async def a_group(owner: Person, reach: Reach, *members: Person, name: str = "purchasing") -> Group:
    group = await owner.founds(name, reach=reach, access=Access.OPEN)
    await take_in(owner.database, owner, group, *members)
    return group


def tags_of(found, type):
    return [tag for tag in found["tag"] if tag["type"] == type]


# What stays


async def test_R_72_a_company_post_has_no_document(world):
    assert await refusal(world, await world.ada.writes("Inside")) == "internal"


async def test_R_72_a_post_of_an_internal_group_has_no_document(world):
    group = await a_group(world.ada, Reach.INTERNAL)

    assert await refusal(world, await world.ada.writes("Inside", group=group)) == "internal"


async def test_R_72_a_post_that_waits_at_the_gate_has_no_document(world):
    assert await refusal(world, await world.ada.writes("Waits", group=world.alpine)) == "not_released"


async def test_R_72_a_group_that_was_closed_takes_its_posts_home(world):
    group = await a_group(world.ada, Reach.PARTNERS)
    post = await world.ada.writes("Out", group=group)
    async with world.database.writing() as session:
        await session.execute(update(Group).where(Group.id == group.id).values(reach=Reach.INTERNAL))

    assert await refusal(world, post) == "internal"


async def test_a_deleted_post_has_no_document(world):
    group = await a_group(world.ada, Reach.PARTNERS)
    post = await world.ada.writes("Out", group=group)
    await world.ada.deletes(post)

    assert await refusal(world, post) == "not_ours_or_gone"


async def test_a_revision_that_was_not_released_has_no_document(world):
    post = await world.ada.writes("First", group=world.alpine)
    await world.grace.approves(post)
    await world.ada.edits(post, "Second")
    async with world.database.reading() as session:
        newer = await session.get_one(Revision, (post.id, 2))
        with pytest.raises(StaysHere):
            await gather(session, await session.get_one(Post, post.id), newer)


# Whom it is for


@pytest.mark.parametrize("reach", [Reach.PARTNERS, Reach.PUBLIC], ids=str)
async def test_a_group_post_is_for_the_group_and_as_far_as_it_reaches(world, reach):
    """Recipients are lists, `audience` and `attributedTo` single strings (GEN-3)."""
    group = await a_group(world.ada, reach)
    post = await world.ada.writes("Out", group=group)

    found = await document(world, post)

    place = found["audience"]
    assert found["to"] == [place, PUBLIC if reach is Reach.PUBLIC else f"{place}/followers"]
    assert found["cc"] == []
    assert (PUBLIC in str(found)) is (reach is Reach.PUBLIC)
    assert found["interactionPolicy"]["canQuote"]["automaticApproval"] == [
        PUBLIC if reach is Reach.PUBLIC else found["attributedTo"]
    ]


async def test_a_post_written_for_partners_stays_for_them_when_its_group_goes_public(world):
    group = await a_group(world.ada, Reach.PARTNERS)
    post = await world.ada.writes("Out", group=group)
    async with world.database.writing() as session:
        await session.execute(update(Group).where(Group.id == group.id).values(reach=Reach.PUBLIC))

    assert PUBLIC not in str(await document(world, post))


@pytest.mark.parametrize(
    ("visibility", "to", "cc"),
    [
        (Visibility.PUBLIC, "public", "followers"),
        (Visibility.UNLISTED, "followers", "public"),
        (Visibility.FOLLOWERS, "followers", None),
    ],
    ids=str,
)
async def test_a_post_outside_groups_is_addressed_by_its_visibility(world, visibility, to, cc):
    post = await world.ada.writes("Inside")
    async with world.database.writing() as session:
        await session.execute(
            update(Post)
            .where(Post.id == post.id)
            .values(visibility=visibility, reach=Reach.PUBLIC, published_revision=1)
        )

    found = await document(world, post)

    places = {"public": PUBLIC, "followers": f"{found['attributedTo']}/followers", None: None}
    assert found["to"] == [places[to]]
    assert found["cc"] == ([places[cc]] if cc else [])


async def test_a_direct_message_names_everybody_it_is_for(world):
    async with world.database.writing() as session:
        nora = await session.get_one(Actor, world.nora.id)
    post = await world.ada.writes(
        f"Only you @{nora.username}@{NORTHWIND} @joan", visibility=Visibility.DIRECT, names_outsiders=True
    )

    found = await document(world, post)

    mentioned = {tag["href"] for tag in tags_of(found, "Mention")}
    assert set(found["to"]) == mentioned
    assert nora.uri in mentioned
    assert len(mentioned) == 2
    assert found["cc"] == []


async def test_ADR_4_a_mention_of_somebody_who_does_not_get_it_addresses_nobody(world):
    group = await a_group(world.ada, Reach.PARTNERS)
    post = await world.ada.writes(f"Ask @nora@{NORTHWIND} or @joan", group=group, names_outsiders=True)

    found = await document(world, post)

    assert found["cc"] == []
    assert [tag["href"] for tag in tags_of(found, "Mention")] == [found["audience"]]


async def test_a_member_who_is_named_is_addressed(world):
    post = await world.ada.writes(f"Ask @nora@{NORTHWIND}", group=world.alpine)
    await world.grace.approves(post)

    found = await document(world, post)

    assert found["cc"] == [world.nora.uri]
    assert {tag["name"] for tag in tags_of(found, "Mention")} == {
        f"@alpine@{world.database.instance.host}",
        f"@nora@{NORTHWIND}",
    }


async def test_GRP_14_every_group_post_carries_a_mention_of_its_group(world):
    group = await a_group(world.ada, Reach.PUBLIC)
    post = await world.ada.writes("Who delivers?", group=group)
    reply = await world.ada.replies(post, "We do")

    for found in (await document(world, post), await document(world, reply)):
        assert tags_of(found, "Mention")[0]["href"] == found["audience"]


# What it says


async def test_only_the_released_revision_shows_with_its_own_names_and_tags(world):
    post = await world.ada.writes("First #steel", group=world.alpine)
    await world.grace.approves(post)
    await world.ada.edits(post, f"Second #secret @nora@{NORTHWIND}")

    found = await document(world, post)

    assert "First" in found["content"]
    assert "secret" not in str(found)
    assert "Second" not in str(found)
    assert [tag["name"] for tag in tags_of(found, "Hashtag")] == ["#steel"]
    assert found["cc"] == []
    assert "updated" not in found


async def test_R_62_each_edit_is_newer_than_the_one_before_also_within_a_second(world, clock):
    group = await a_group(world.ada, Reach.PUBLIC)
    post = await world.ada.writes("First", group=group)
    moments = [(await document(world, post))["published"]]
    for text in ("Second", "Third"):
        await world.ada.edits(post, text)
        moments.append((await document(world, post))["updated"])
    clock.advance(minutes=5)
    await world.ada.edits(post, "Fourth")
    moments.append((await document(world, post))["updated"])
    await world.ada.edits(post, "Fifth")
    moments.append((await document(world, post))["updated"])

    assert moments == sorted(set(moments))


async def test_an_approved_edit_says_when_it_was_made(world):
    post = await world.ada.writes("First", group=world.alpine)
    await world.grace.approves(post)
    await world.ada.edits(post, "Second")
    await world.grace.approves(post)

    found = await document(world, post)

    assert "Second" in found["content"]
    assert found["updated"] >= found["published"]


async def test_a_titled_post_in_a_group_is_a_page_and_a_reply_never_is(world):
    group = await a_group(world.ada, Reach.PUBLIC)
    post = await world.ada.writes("We need 4 t until **May**.", title="Who delivers 1.4301?", group=group)
    reply = await world.ada.replies(post, "We do", title="Offer")

    found, answer = await document(world, post), await document(world, reply)

    assert (found["type"], found["name"]) == ("Page", "Who delivers 1.4301?")
    assert "inReplyTo" not in found
    assert found["summary"] == "We need 4 t until May."
    assert found["preview"] == {"type": "Note", "content": "<p>We need 4 t until May.</p>"}
    assert answer["type"] == "Note"
    assert answer["inReplyTo"] == found["id"]
    assert answer["context"] == found["context"]


async def test_CNT_2_a_note_can_be_read_without_tables(world):
    group = await a_group(world.ada, Reach.PUBLIC)
    note = await document(world, await world.ada.writes(TABLE, group=group))
    page = await document(world, await world.ada.writes(TABLE, title="Stock", group=group))

    assert note["content"] == "<p>Steel | mm<br>1.4301 | 3<br>1.4404 | 4</p>"
    assert "<table>" in page["content"]


async def test_a_warning_is_the_summary(world):
    group = await a_group(world.ada, Reach.PUBLIC)
    found = await document(world, await world.ada.writes("Text", warning="Loud & <red>", group=group))

    assert found["summary"] == "Loud &amp; &lt;red&gt;"
    assert found["sensitive"] is True


async def test_a_language_says_which_text_it_belongs_to(world):
    group = await a_group(world.ada, Reach.PUBLIC)
    found = await document(world, await world.ada.writes("Stahl", language="de", group=group))

    assert found["contentMap"] == {"de": found["content"]}
    assert found["source"] == {"content": "Stahl", "mediaType": "text/markdown"}


async def test_pictures_come_along_with_the_words_that_describe_them(world):
    group = await a_group(world.ada, Reach.PARTNERS)
    name = random_name("webp")
    async with world.database.writing() as session:
        stored = StoredFile(
            file=name,
            preview_file=None,
            media_type="image/webp",
            size=10,
            width=640,
            height=480,
            blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        )
        media = await add(session, stored, by=world.ada.staff, description="A red valve", focus=(0.5, -0.25))
    post = await world.ada.writes("Look", group=group, media_ids=[media.id])

    (file,) = (await document(world, post))["attachment"]

    assert file == {
        "type": "Image",
        "mediaType": "image/webp",
        "url": world.database.instance.url(f"/media/{name}"),
        "name": "A red valve",
        "width": 640,
        "height": 480,
        "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        "focalPoint": [0.5, -0.25],
    }


async def test_what_a_reply_answers_is_not_named_while_it_waits_at_the_gate(world):
    post = await world.ada.writes("Waits", group=world.alpine)
    reply = await world.alan.replies(post, "Answer")
    await world.grace.approves(reply)

    found = await document(world, reply)

    assert "inReplyTo" not in found
    assert post.uri not in str(found)
    assert found["cc"] == []


async def test_a_reply_tells_whose_post_it_answers(world):
    group = await a_group(world.ada, Reach.PUBLIC, world.joan)
    post = await world.ada.writes("Question", group=group)
    found = await document(world, await world.joan.replies(post, "Answer"))

    asked = (await document(world, post))["attributedTo"]
    assert found["cc"] == [asked]
    assert asked in {tag["href"] for tag in tags_of(found, "Mention")}


async def test_what_we_render_our_own_parser_takes(world):
    group = await a_group(world.ada, Reach.PUBLIC)
    post = await world.ada.writes("We need **4 t**", title="Steel", group=group, language="en")

    found = parse(await document(world, post), insecure_hosts=("*.localhost",), received=now())

    assert found.title == "Steel"
    assert found.html == "<p>We need <strong>4 t</strong></p>"
    assert found.audience == (found.to[0],)
    assert found.visibility_hint is Visibility.PUBLIC
    assert found.source == "We need **4 t**"


# Groups elsewhere


async def test_GRP_10_a_post_into_a_group_elsewhere_is_for_that_group(world):
    base = f"http://{NORTHWIND}/g/steel"
    async with world.database.writing() as session:
        place = await actors.keep(
            session,
            actors.RemoteActor(
                uri=base,
                type=ActorType.GROUP,
                host=NORTHWIND,
                username="steel",
                url=base,
                inbox=f"{base}/inbox",
                followers_uri=f"{base}/followers",
                is_locked=True,
            ),
        )
        group = await groups.keep_mirror(session, place)
        session.add(Membership(group_id=group.id, actor_id=world.ada.id, state=MemberState.MEMBER))
    post = await world.ada.writes(f"Prices? @nora@{NORTHWIND} @joan", group=group, names_outsiders=True)

    found = await document(world, post)

    assert found["to"] == [base, f"{base}/followers"]
    assert found["cc"] == [world.nora.uri]
    assert found["audience"] == base
    assert PUBLIC not in str(found)


async def test_a_partner_that_may_read_gets_no_more_than_the_document(world):
    async with world.database.writing() as session:
        await partners.admit(session, NORTHWIND, levels={"alpine": Level.READ})
    post = await world.ada.writes("For partners", group=world.alpine)
    await world.grace.approves(post)

    assert await Outsider(world.database, NORTHWIND).sees(post)
    assert "For partners" in (await document(world, post))["content"]
