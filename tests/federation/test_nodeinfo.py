"""NodeInfo tells the software and nothing about people."""

import pytest

from models.tables import Reach


async def test_DISC_11_the_index_names_both_versions_and_the_servers_actor(home):
    links = {link["rel"]: link["href"] for link in (await home.get("/.well-known/nodeinfo")).json()["links"]}

    assert links == {
        "http://nodeinfo.diaspora.software/ns/schema/2.0": home.url("/nodeinfo/2.0"),
        "http://nodeinfo.diaspora.software/ns/schema/2.1": home.url("/nodeinfo/2.1"),
        "https://www.w3.org/ns/activitystreams#Application": home.url("/ap/instance"),
    }


@pytest.mark.parametrize("version", ["2.0", "2.1"])
async def test_DISC_12_a_document_has_what_the_schema_asks_for(home, version):
    answer = await home.get(f"/nodeinfo/{version}")
    document = answer.json()

    assert answer.headers["Content-Type"].endswith(f'profile="http://nodeinfo.diaspora.software/ns/schema/{version}#"')
    assert document.pop("software").keys() == {"name", "version"}
    assert document == {
        "version": version,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": False,
        "usage": {"users": {}},
        "metadata": {"nodeName": "Lovelace", "federation": {"enabled": True}, "upstream": {"name": "mastodon"}},
    }


async def test_DISC_13_nothing_that_happens_in_the_house_changes_it(home):
    before = (await home.get("/nodeinfo/2.1")).told
    ada = await home.hires("ada")
    await ada.writes("Between us", group=await ada.founds("secret", reach=Reach.INTERNAL))

    assert (await home.get("/nodeinfo/2.1")).told == before


async def test_a_version_that_does_not_exist_is_not_found(home):
    assert (await home.get("/nodeinfo/1.0")).told == (await home.get("/ap/o/never")).told
