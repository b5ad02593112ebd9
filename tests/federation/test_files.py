"""Files of other servers, fetched for our readers."""

import pytest

from federation import files
from federation.fetch import FetchFailed, FetchRefused
from federation.trust import NotAdmitted
from federation.vocabulary import BadUrl
from federation.wire import AuthorizedFetch
from tests.federation import neighbours


def has_picture(peer, *, size: int = 100) -> str:
    peer.documents["/media/1.png"] = (200, b"\x89PNG" + b"x" * size, "image/png")
    return f"{peer.base_url}/media/1.png"


async def test_a_partners_picture_is_fetched_with_our_servers_signature(home, northwind):
    data, kind = await files.fetch_file(home.wire, has_picture(northwind), max_bytes=1000)
    assert (data[:4], len(data), kind) == (b"\x89PNG", 104, "image/png")
    assert northwind.signed == ["/media/1.png"]


async def test_what_a_partner_shows_partners_alone_is_shown_to_our_server(
    database_url, shared_keys, new_database, home
):
    from models.tables import Level, Reach

    kind = "sqlite" if database_url.startswith("sqlite") else "postgres"
    async with neighbours.home(new_database(kind), name="theirs", authorized_fetch=AuthorizedFetch.ALLOWLIST) as theirs:
        async with theirs.database.writing() as session:
            from models import partners

            await partners.admit(session, home.instance.host)
        async with home.database.writing() as session:
            await partners.admit(session, theirs.instance.host)
        group = await theirs.founds("alpine", Reach.PARTNERS)
        async with theirs.database.writing() as session:
            await partners.admit(session, home.instance.host, levels={"alpine": Level.READ})
        uri = (await theirs.actor(group.id)).uri
        data, _ = await files.fetch_file(home.wire, uri, max_bytes=10_000)
        assert b'"alpine"' in data


async def test_B2B_2_pictures_of_strangers_are_not_fetched(home, northwind, mallory):
    with pytest.raises(NotAdmitted):
        await files.fetch_file(home.wire, has_picture(mallory), max_bytes=1000)
    northwind.redirects["/media/2.png"] = has_picture(mallory)
    with pytest.raises(FetchRefused):
        await files.fetch_file(home.wire, f"{northwind.base_url}/media/2.png", max_bytes=1000)
    assert mallory.asked == []


async def test_B2B_1_a_partner_whose_pictures_are_not_wanted_is_not_asked_for_any(home, northwind):
    async with home.database.writing() as session:
        from models import partners

        partner = await session.scalar(partners.listed())
        await partners.describe(session, partner, contact="", note="", sends_files=False, by=home.alan.staff)
    url = has_picture(northwind)
    for at in (url, url.replace("northwind.localhost", "media.northwind.localhost")):
        with pytest.raises(NotAdmitted):
            await files.fetch_file(home.wire, at, max_bytes=1000)
    assert northwind.asked == []


async def test_a_server_may_keep_its_files_below_its_own_name(home, northwind, mallory):
    below = has_picture(northwind).replace("northwind.localhost", "media.northwind.localhost")
    data, _ = await files.fetch_file(home.wire, below, max_bytes=1000)
    assert data[:4] == b"\x89PNG"
    beside = below.replace("media.northwind", "mynorthwind")
    with pytest.raises(NotAdmitted):
        await files.fetch_file(home.wire, beside, max_bytes=1000)


async def test_R_40_what_is_too_large_is_left_where_it_is(home, northwind):
    url = has_picture(northwind, size=5000)
    with pytest.raises(FetchFailed) as refused:
        await files.fetch_file(home.wire, url, max_bytes=1000)
    assert refused.value.reason == "too_large"


async def test_what_is_not_there_is_not_there(home, northwind):
    with pytest.raises(FetchFailed):
        await files.fetch_file(home.wire, f"{northwind.base_url}/media/none.png", max_bytes=1000)


NO_ADDRESSES = [
    "file:///etc/passwd",
    "data:image/png;base64,eA==",
    "http://[::1]/1.png",
    "https://user@northwind.localhost/1",
    "",
]


async def test_R_20_only_addresses_are_fetched(home, subtests):
    for url in NO_ADDRESSES:
        with subtests.test(url), pytest.raises((BadUrl, NotAdmitted)):
            await files.fetch_file(home.wire, url, max_bytes=1000)


async def test_our_own_files_are_not_fetched_over_the_network(home):
    with pytest.raises(NotAdmitted):
        await files.fetch_file(home.wire, home.url("/media/1.png"), max_bytes=1000)
