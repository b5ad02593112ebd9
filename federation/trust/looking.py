"""What is asked of the database about a request whose key is not in memory, of several such requests at once.

Strangers come in crowds: what somebody wrote is passed on by many servers within a moment. One question for all of them
costs what it costs for one.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from federation.trust.admission import Looked
from federation.trust.keys import recall_all
from federation.vocabulary import BadUrl, host_of
from federation.wire import Wire
from models import lanes, policy


async def look(wire: Wire, host: str, key_id: str | None) -> Looked:
    """Ask about a request: of the server of its actor, and of the key it says it is signed with, if it says so.

    The key is in memory afterwards, if it was kept and is good still.
    """
    return await wire.questions.add(wire.database, _look, _Question(wire, host, key_id))


class _Question(NamedTuple):
    wire: Wire
    host: str
    key_id: str | None


async def _look(session: AsyncSession, questions: Sequence[_Question]) -> Sequence[Looked]:
    wire = questions[0].wire
    key_ids = {one.key_id for one in questions if one.key_id is not None}
    missing = key_ids - (await recall_all(session, wire, key_ids)).keys()
    among = None if missing else {one.host for one in questions} | _hosts(key_ids)  # a redirect may lead anywhere
    admitted = await policy.admission(session, among=among)
    unsure = {host for host in _hosts(missing) if wire.memory.manners.get(host) is None}
    forms = await lanes.forms_of(session, unsure) if unsure else {}
    return [Looked(admitted, forms)] * len(questions)


def _hosts(key_ids: Iterable[str]) -> set[str]:
    found = set()
    for key_id in key_ids:
        try:
            found.add(host_of(key_id))
        except BadUrl:  # said when its turn comes
            continue
    return found
