"""How whoever asks and somebody stand to one another: the answer to every change of it."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import relations
from server.api import answers
from server.api.entities.relationships import relationship
from server.api.routing import Call


async def answer_standing(call: Call, session: AsyncSession, actor_id: int) -> web.Response:
    found = await relations.relationships(session, call.staff, [actor_id])
    return answers.answer(relationship(found[0]))
