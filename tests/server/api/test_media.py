"""Uploading pictures through the client API."""

import pytest

from tests.server.api.phone import Phone, upload


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_an_upload_is_ready_when_it_is_answered(ada: Phone, version: str) -> None:
    media = (await ada.post(f"/api/{version}/media", data=upload(description="A case", focus="-0.4,0.7"))).body

    assert media["type"] == "image"
    assert media["meta"]["original"] == {"width": 60, "height": 40, "size": "60x40", "aspect": 1.5}
    assert media["meta"]["focus"] == {"x": -0.4, "y": 0.7}
    assert media["description"] == "A case"
    assert media["blurhash"]
    again = (await ada.get(f"/api/v1/media/{media['id']}")).body
    assert again == media


async def test_text_and_focus_change_until_it_is_posted(ada: Phone) -> None:
    media = (await ada.post("/api/v2/media", data=upload())).body

    changed = (await ada.put(f"/api/v1/media/{media['id']}", json={"description": "New", "focus": "2,-9"})).body
    status = await ada.writes("Look", media_ids=[media["id"]])

    assert (changed["description"], changed["meta"]["focus"]) == ("New", {"x": 1.0, "y": -1.0})
    assert status["media_attachments"][0]["description"] == "New"
    await ada.put(f"/api/v1/media/{media['id']}", json={"description": "Later"}, status=404)


async def test_R_75_nobody_else_reads_or_uses_what_is_not_posted(ada: Phone, grace: Phone) -> None:
    media = (await ada.post("/api/v2/media", data=upload())).body

    await grace.get(f"/api/v1/media/{media['id']}", status=404)
    await grace.put(f"/api/v1/media/{media['id']}", json={"description": "x"}, status=404)
    await grace.post("/api/v1/statuses", json={"status": "Mine", "media_ids": [media["id"]]}, status=422)


async def test_one_picture_is_in_one_post_only(ada: Phone) -> None:
    media = (await ada.post("/api/v2/media", data=upload())).body
    await ada.writes("One", media_ids=[media["id"]])

    await ada.post("/api/v1/statuses", json={"status": "Two", "media_ids": [media["id"]]}, status=422)


async def test_the_address_of_a_picture_works_for_who_was_given_it(ada: Phone, anybody: Phone) -> None:
    media = (await ada.post("/api/v2/media", data=upload())).body
    path = media["url"].partition("//")[2].partition("/")[2]

    picture = await anybody.ask("GET", f"/{path}")
    unsigned = await anybody.ask("GET", f"/{path.partition('?')[0]}")

    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/png")
    assert unsigned.status == 404


@pytest.mark.parametrize(
    "accept", ["application/activity+json", 'application/ld+json; profile="x"', "application/json"]
)
async def test_R_12_no_file_is_an_answer_for_who_asks_for_activitypub(ada: Phone, anybody: Phone, accept: str) -> None:
    media = (await ada.post("/api/v2/media", data=upload())).body
    path = "/" + media["url"].partition("//")[2].partition("/")[2]

    for asked in (path, "/media/remote/1", "/media/actor/1/avatar/1"):
        assert (await anybody.ask("GET", asked, headers={"Accept": accept})).status == 406

    note = (
        b'{"@context": "https://www.w3.org/ns/activitystreams", "id": "https://lovelace.localhost/x", "type": "Note"}'
    )
    await ada.post("/api/v2/media", data=upload(note), status=422)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="svg"),
        pytest.param(b"\x89PNG\r\n\x1a\nrubbish", id="half a png"),
        pytest.param(b"#EXTM3U\nhttp://127.0.0.1/", id="playlist"),
        pytest.param(b"hello", id="text"),
    ],
)
async def test_R_90_what_is_no_picture_is_refused(ada: Phone, data: bytes) -> None:
    answer = await ada.post("/api/v2/media", data=upload(data), status=422)

    assert answer.body["code"].startswith("image_")


async def test_a_request_without_a_file_says_so(ada: Phone) -> None:
    answer = await ada.post("/api/v2/media", data={"description": "Nothing"}, status=422)

    assert answer.body["code"] == "file_missing"


class TestWithLittleRoom:
    @pytest.fixture
    def settings(self) -> str:
        return "[limits]\napi_requests = 0\n[media]\nmax_bytes = 65536\nmax_video_bytes = 65536\n"

    async def test_R_40_a_file_that_is_too_large_is_refused_while_it_is_read(self, ada: Phone) -> None:
        answer = await ada.post("/api/v2/media", data=upload(b"x" * 200_000), status=413)

        assert answer.body["code"] == "too_large"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
