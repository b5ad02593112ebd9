"""Notes, recommendations and the languages of a follow through the client API."""

from tests.server.api.phone import Phone
from tests.world import World


async def test_a_note_is_for_oneself_alone(ada: Phone, grace: Phone, world: World) -> None:
    note = f"/api/v1/accounts/{world.grace.id}/note"

    assert (await ada.post(note, json={"comment": "Likes tea"})).body["note"] == "Likes tea"
    assert (await ada.post(note, json={"comment": "x" * 2001}, status=422)).body["code"] == "note_too_long"
    others = (await grace.get(f"/api/v1/accounts/relationships?id[]={world.ada.id}&id[]={world.grace.id}")).body
    assert [entry["note"] for entry in others] == ["", ""]
    assert (await ada.post(note)).body["note"] == ""


async def test_who_is_recommended_is_followed(ada: Phone, grace: Phone, anybody: Phone, world: World) -> None:
    person = f"/api/v1/accounts/{world.joan.id}"
    refused = await ada.post(f"{person}/endorse", status=422)
    await ada.post(f"{person}/follow")

    assert refused.body["code"] == "not_followed"
    assert (await ada.post(f"{person}/endorse")).body["endorsed"] is True
    assert (await ada.post(f"{person}/pin")).body["endorsed"] is True
    of_ada = f"/api/v1/accounts/{world.ada.id}/endorsements"
    for listed in (await ada.get("/api/v1/endorsements"), await grace.get(of_ada)):
        assert listed.ids == [str(world.joan.id)]
    await anybody.get(of_ada, status=404)  # she is unknown outside

    await ada.post(f"{person}/unfollow")

    assert (await grace.get(of_ada)).body == []
    assert (await ada.post(f"{person}/follow")).body["endorsed"] is True
    assert (await ada.post(f"{person}/unendorse")).body["endorsed"] is False
    assert (await ada.post(f"{person}/unpin")).body["endorsed"] is False


async def test_a_follow_keeps_what_was_chosen(ada: Phone, world: World) -> None:
    follow = f"/api/v1/accounts/{world.grace.id}/follow"
    chosen = (await ada.post(follow, json={"notify": True, "languages": ["de", "fr"]})).body
    kept = (await ada.post(follow, json={"reblogs": False})).body
    freed = (await ada.post(follow, json={"languages": [""], "notify": "false"})).body

    assert (chosen["notifying"], chosen["languages"], chosen["showing_reblogs"]) == (True, ["de", "fr"], True)
    assert (kept["notifying"], kept["languages"], kept["showing_reblogs"]) == (True, ["de", "fr"], False)
    assert (freed["notifying"], freed["languages"], freed["showing_reblogs"]) == (False, None, False)
    assert (await ada.post(follow, json={"languages": ["%"]}, status=422)).body["code"] == "bad_language"
