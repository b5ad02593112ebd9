"""Actor documents: what ours say, and what is believed of others'."""

import copy
from datetime import UTC, datetime

import pytest

from federation.documents import actor as documents
from federation.documents.actor import RFC9421
from federation.documents.refusals import NotAnActor, WrongOrigin
from federation.keys import OwnKeys
from federation.signatures import keys as pairs
from federation.signatures.multikey import encode_key
from models.instance import Instance
from models.tables import Actor, ActorType, Group, KeyKind, Media, Reach
from tests.keys import rsa

HOME = Instance(base_url="https://a.example", name="A Ltd")
HTTPS_ONLY: tuple[str, ...] = ()
WHEN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
RSA, ED25519 = rsa(), pairs.generate_ed25519()


def own_keys(uri):
    return OwnKeys(
        rsa_id=f"{uri}#main-key",
        rsa_private=RSA,
        rsa_public_pem=pairs.public_pem(RSA),
        ed25519_id=f"{uri}#ed25519-key",
        ed25519_private=ED25519,
        ed25519_multibase=encode_key(ED25519.public_key()),
    )


def ours(type=ActorType.PERSON, **more):
    uri = "https://a.example/ap/u/m4ri"
    given = {
        "id": 1,
        "type": type,
        "host": "",
        "username": "mari",
        "username_key": "mari",
        "uri": uri,
        "url": "https://a.example/people/mari",
        "inbox": f"{uri}/inbox",
        "shared_inbox": "https://a.example/inbox",
        "outbox": f"{uri}/outbox",
        "followers_uri": f"{uri}/followers",
        "following_uri": f"{uri}/following",
        "featured_uri": f"{uri}/featured",
        "moderators_uri": f"{uri}/moderators" if type is ActorType.GROUP else None,
        "display_name": "Mari",
        "about_source": "",
        "about_html": "",
        "fields": [],
        "is_locked": False,
        "is_bot": False,
        "is_discoverable": False,
        "also_known_as": [],
        "moved_to": None,
        "created_at": WHEN,
        "updated_at": WHEN,
        **more,
    }
    return Actor(**given)


def render(actor, **more):
    return documents.render(actor, own_keys=own_keys(actor.uri), instance=HOME, **more)


def theirs(**changes):
    uri = "https://b.example/users/anna"
    document = {
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": uri,
        "type": "Person",
        "preferredUsername": "anna",
        "name": "Anna",
        "url": "https://b.example/@anna",
        "inbox": f"{uri}/inbox",
        "outbox": f"{uri}/outbox",
        "followers": f"{uri}/followers",
        "endpoints": {"sharedInbox": "https://b.example/inbox"},
        "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": pairs.public_pem(RSA)},
    }
    return {**document, **changes}


def parse(document, insecure_hosts=HTTPS_ONLY):
    return documents.parse(document, insecure_hosts=insecure_hosts)


# Ours


def test_our_document_is_understood_by_our_own_parser():
    document = render(ours(about_source="Steel", about_html="<p>Steel</p>"))

    found = parse(document)

    assert found.actor.uri == "https://a.example/ap/u/m4ri"
    assert found.actor.host == "a.example"
    assert found.actor.shared_inbox == "https://a.example/inbox"
    assert found.actor.about_html == "<p>Steel</p>"
    assert {key.kind for key in found.keys} == {KeyKind.RSA, KeyKind.ED25519}
    assert found.implements_rfc9421
    assert not found.is_group


def test_our_context_names_only_what_the_document_uses():
    used = render(ours())["@context"][2]

    assert "manuallyApprovesFollowers" in used
    assert "blurhash" not in used
    assert "moderators" not in used


@pytest.mark.parametrize(
    ("reach", "is_asked_first"), [(Reach.PUBLIC, False), (Reach.PARTNERS, True)], ids=["public", "partners"]
)
def test_GRP_4_a_group_says_by_its_padlock_whether_its_content_is_private(reach, is_asked_first):
    group = Group(id=1, reach=reach)

    document = render(ours(ActorType.GROUP, is_locked=not is_asked_first, is_discoverable=True), group=group)

    assert document["manuallyApprovesFollowers"] is is_asked_first
    assert document["discoverable"] is not is_asked_first
    assert document["attributedTo"] == document["moderators"] == "https://a.example/ap/u/m4ri/moderators"
    assert document["postingRestrictedToMods"] is False


def test_ACT_3_the_stub_shows_a_key_and_hardly_anything_else():
    document = documents.render_stub(ours(about_html="<p>Steel</p>"), own_keys=own_keys("https://a.example/ap/u/m4ri"))

    assert set(document) == {"@context", "id", "type", "preferredUsername", "inbox", "publicKey"}


def test_a_field_is_text_here_and_harmless_html_on_the_wire():
    document = render(
        ours(
            fields=[
                {"name": "Web", "value": "https://a.example/mari"},
                {"name": "Note", "value": "<script>"},
            ]
        )
    )

    assert document["attachment"] == [
        {
            "type": "PropertyValue",
            "name": "Web",
            "value": '<a href="https://a.example/mari" rel="nofollow noopener noreferrer">https://a.example/mari</a>',
        },
        {"type": "PropertyValue", "name": "Note", "value": "&lt;script&gt;"},
    ]


def test_pictures_come_from_our_own_media_addresses():
    avatar = Media(id=1, file="ab/abc.webp", media_type="image/webp", actor_id=1)

    document = render(ours(), avatar=avatar)

    assert document["icon"] == {
        "type": "Image",
        "mediaType": "image/webp",
        "url": "https://a.example/media/ab/abc.webp",
    }
    assert "image" not in document


def test_a_bot_is_a_service():
    assert render(ours(is_bot=True))["type"] == "Service"


# Theirs


def test_a_plain_actor_is_read():
    found = parse(theirs())

    assert found.actor.type is ActorType.PERSON
    assert found.actor.username == "anna"
    assert found.actor.display_name == "Anna"
    assert found.actor.inbox == "https://b.example/users/anna/inbox"
    assert found.actor.url == "https://b.example/@anna"
    assert [key.uri for key in found.keys] == ["https://b.example/users/anna#main-key"]


@pytest.mark.parametrize("member", ["inbox", "outbox", "followers", "following", "featured"])
def test_ACT_1_an_address_on_another_server_is_refused(member):
    with pytest.raises(WrongOrigin):
        parse(theirs(**{member: "https://evil.example/inbox"}))


@pytest.mark.parametrize(
    "address",
    ["https://b.example:444/inbox", "http://b.example/inbox", "https://b.example.evil.example/inbox"],
    ids=["port", "scheme", "suffix"],
)
def test_R_21_an_inbox_of_another_origin_is_no_target(address):
    with pytest.raises((WrongOrigin, NotAnActor)):
        parse(theirs(inbox=address))


def test_ACT_1_a_shared_inbox_on_another_server_is_ignored():
    found = parse(theirs(endpoints={"sharedInbox": "https://evil.example/inbox"}))

    assert found.actor.shared_inbox is None


def test_a_shared_inbox_at_the_top_level_counts():
    document = theirs(sharedInbox="https://b.example/inbox")
    del document["endpoints"]

    assert parse(document).actor.shared_inbox == "https://b.example/inbox"


@pytest.mark.parametrize("missing", ["id", "type", "inbox", "preferredUsername"])
def test_an_actor_without_what_we_need_is_refused(missing):
    document = theirs()
    del document[missing]

    with pytest.raises(NotAnActor):
        parse(document)


@pytest.mark.parametrize(
    "uri",
    ["javascript:alert(1)", "https://user@b.example/x", "http://b.example/x", "/x", "https://b.example/" + "x" * 9000],
    ids=["scheme", "userinfo", "http", "relative", "long"],
)
def test_R_20_an_odd_id_is_refused(uri):
    with pytest.raises(NotAnActor):
        parse(theirs(id=uri))


def test_plain_http_is_accepted_where_the_configuration_names_the_host():
    text = str(theirs()).replace("https://b.example", "http://b.localhost:8002")
    document = eval(text)  # noqa: S307 - our own text

    found = parse(document, insecure_hosts=("*.localhost",))

    assert found.actor.host == "b.localhost:8002"
    with pytest.raises(NotAnActor):
        parse(document)


@pytest.mark.parametrize(
    "name",
    ["an@na", "anna@evil.example", "\u202eanna", "аnna", "a b", "", "a" * 129, 7, None, "a/b", "a:b"],
)
def test_R_19_a_name_that_could_pass_for_another_is_refused(name):
    with pytest.raises(NotAnActor):
        parse(theirs(preferredUsername=name))


def test_a_server_is_called_by_its_host_with_its_port():
    document = eval(str(theirs(type="Application")).replace("https://b.example", "http://b.localhost:8002"))  # noqa: S307
    document["preferredUsername"] = "b.localhost:8002"

    assert parse(document, insecure_hosts=("*",)).actor.username == "b.localhost:8002"


@pytest.mark.parametrize(
    "type", ["Person", "as:Person", ["Person"], ["x:Strange", "Person"], "https://www.w3.org/ns/activitystreams#Person"]
)
def test_GEN_4_a_type_is_found_in_every_spelling(type):
    assert parse(theirs(type=type)).actor.type is ActorType.PERSON


@pytest.mark.parametrize("type", ["Feed", "Note", None, [], "Tombstone"])
def test_what_is_no_actor_is_refused(type):
    with pytest.raises(NotAnActor):
        parse(theirs(type=type))


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "https://b.example/users/victim"},
        {"id": "https://evil.example/key"},
        {"publicKeyPem": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"},
        {"publicKeyPem": 7},
        {"id": None},
    ],
    ids=["owner", "origin", "rubbish", "number", "no-id"],
)
def test_R_05_a_key_that_is_not_the_actors_own_is_passed_over(change):
    document = theirs()
    document["publicKey"].update(change)

    assert parse(document).keys == ()


def test_several_keys_are_all_read_once():
    document = theirs()
    uri = document["id"]
    document["publicKey"] = [document["publicKey"], copy.deepcopy(document["publicKey"])]
    document["assertionMethod"] = [
        {
            "id": f"{uri}#ed25519-key",
            "type": "Multikey",
            "controller": uri,
            "publicKeyMultibase": encode_key(ED25519.public_key()),
        }
    ]

    found = parse(document).keys

    assert [(key.uri, key.kind) for key in found] == [
        (f"{uri}#main-key", KeyKind.RSA),
        (f"{uri}#ed25519-key", KeyKind.ED25519),
    ]


@pytest.mark.parametrize("key", [None, "https://b.example/key", [], 3, {"id": 1}])
def test_an_actor_without_a_readable_key_is_still_an_actor(key):
    assert parse(theirs(publicKey=key)).keys == ()


@pytest.mark.parametrize(
    ("icon", "expected"),
    [
        ({"type": "Image", "url": "https://cdn.example/a.png"}, "https://cdn.example/a.png"),
        ([{"type": "Image", "url": "https://cdn.example/a.png"}, {"url": "x"}], "https://cdn.example/a.png"),
        ({"type": "Image", "url": {"type": "Link", "href": "https://cdn.example/a.png"}}, "https://cdn.example/a.png"),
        ({"type": "Image", "url": [{"href": "https://cdn.example/a.png"}]}, "https://cdn.example/a.png"),
        ("https://cdn.example/a.png", "https://cdn.example/a.png"),
        ({"type": "Image", "url": "javascript:alert(1)"}, None),
        (None, None),
        (7, None),
    ],
    ids=["object", "list", "link", "list-of-links", "text", "script", "null", "number"],
)
def test_GEN_2_a_picture_is_found_in_every_shape(icon, expected):
    assert parse(theirs(icon=icon)).actor.avatar_url == expected


def test_R_53_a_page_on_another_host_is_replaced_by_the_id():
    assert parse(theirs(url="https://evil.example/@anna")).actor.url == "https://b.example/users/anna"
    assert parse(theirs(url="javascript:alert(1)")).actor.url == "https://b.example/users/anna"


def test_of_several_pages_the_one_for_people_is_taken():
    links = [
        {"type": "Link", "mediaType": "application/json", "href": "https://b.example/anna.json"},
        {"type": "Link", "mediaType": "text/html", "href": "https://b.example/@anna"},
    ]

    assert parse(theirs(url=links)).actor.url == "https://b.example/@anna"


def test_R_50_what_people_write_about_themselves_is_cleaned():
    found = parse(
        theirs(
            name="Anna\x00\u0007\n Muster",
            summary='<p onclick="x">Hi<script>alert(1)</script></p>',
            attachment=[
                {"type": "PropertyValue", "name": "Web", "value": '<a href="https://x.example">x.example</a>'},
                {"type": "schema:PropertyValue", "name": "B", "value": "<script>1</script>two"},
                {"type": "Note", "name": "no field", "value": "x"},
                7,
            ],
        )
    )

    assert found.actor.display_name == "Anna Muster"
    assert found.actor.about_html == "<p>Hi</p>"
    assert found.actor.fields == [{"name": "Web", "value": "x.example"}, {"name": "B", "value": "two"}]


def test_a_giant_summary_is_cut_and_does_not_raise():
    found = parse(theirs(summary="<b>" * 50_000, name="x" * 10_000))

    assert len(found.actor.about_html) < 70_000
    assert len(found.actor.display_name) == 100


@pytest.mark.parametrize(
    "moderators",
    [
        {"attributedTo": "https://b.example/c/steel/moderators"},
        {"moderators": "https://b.example/c/steel/moderators"},
    ],
    ids=["attributedTo", "moderators"],
)
def test_a_group_names_its_moderators(moderators):
    found = parse(theirs(type="Group", **moderators))

    assert found.is_group
    assert found.actor.moderators_uri == "https://b.example/c/steel/moderators"


def test_moderators_on_another_server_or_of_a_person_do_not_count():
    assert parse(theirs(type="Group", attributedTo="https://evil.example/m")).actor.moderators_uri is None
    assert parse(theirs(attributedTo="https://b.example/m")).actor.moderators_uri is None


@pytest.mark.parametrize(
    "generator",
    [
        {"type": "Application", "implements": [{"href": RFC9421, "name": "x"}]},
        {"type": "Application", "implements": {"id": RFC9421}},
        {"type": "Application", "implements": RFC9421},
        {"type": "Application", "implements": ["https://x.example", RFC9421]},
    ],
    ids=["objects", "object", "text", "texts"],
)
def test_DISC_18_what_a_server_implements_is_found_in_every_shape(generator):
    assert parse(theirs(generator=generator)).implements_rfc9421


@pytest.mark.parametrize("generator", [None, "x", 7, {"implements": None}, {"implements": ["https://x.example"]}])
def test_what_is_not_said_is_not_implemented(generator):
    assert not parse(theirs(generator=generator)).implements_rfc9421


def test_wrong_types_count_as_absent():
    odd = dict.fromkeys(
        ("name", "summary", "url", "icon", "image", "attachment", "alsoKnownAs", "movedTo", "endpoints"), 7
    )

    found = parse(theirs(**odd, manuallyApprovesFollowers="yes", discoverable=1))

    assert found.actor.url == found.actor.uri
    assert found.actor.is_locked is False
    assert found.actor.is_discoverable is False
    assert found.actor.also_known_as == []
