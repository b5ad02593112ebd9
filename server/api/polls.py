"""Polls: how one stands, and voting in it."""

from datetime import timedelta

from aiohttp import web

from models import polls
from models.polls import BadPoll, PollDraft
from server.api import answers
from server.api.entities.polls import poll
from server.api.params import BadValue, Params
from server.api.routing import Access, Call, Routes

routes = Routes()

_MANY = 30


@routes.get(r"/api/v1/polls/{id:\d+}", "read:statuses", access=Access.PUBLIC)
async def show(call: Call) -> web.Response:
    """A poll, for who sees the post that asks it."""
    async with call.reading() as session:
        return answers.answer(poll(call.app, await polls.one(session, call.viewer, call.id())))


@routes.post(r"/api/v1/polls/{id:\d+}/votes", "write:statuses")
async def vote(call: Call) -> web.Response:
    """Vote, once: `choices[]` are the positions of the answers."""
    choices = [_position(text) for text in call.params.texts("choices")[:_MANY]]
    async with call.writing() as session:
        await polls.vote(session, call.id(), choices, by=call.staff)
    async with call.reading() as session:
        return answers.answer(poll(call.app, await polls.one(session, call.viewer, call.id())))


def _position(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 3):
        raise BadValue(field="choices")
    return int(text)


def draft_of(sent: Params) -> PollDraft | None:
    """The poll in what a client sent with a post; None where there is none. Raises BadValue, BadPoll."""
    table = sent.table("poll")
    if table is None or not table.values:
        return None
    if not table.has("expires_in"):
        raise BadPoll(field="poll")
    seconds = table.number("expires_in", 0, least=0, most=10**9)
    return PollDraft(
        options=table.texts("options"),
        lasts=timedelta(seconds=seconds),
        is_multiple=table.flag("multiple"),
        hides_totals=table.flag("hide_totals"),
    )
