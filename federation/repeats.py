"""Answers to signed questions, given again as they were while no process committed anything, and for a second at most.

What a server may see follows from the database, so the same question with the same key has the same answer until
something is committed: whoever lost a right has lost it with their next question. The second is for what changes by
the clock alone. The signature is verified each time, for it is a new one each time.
"""

import time
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from federation.known import KnownKey
from models.moments import Moment

KEPT_SECONDS = 1.0
_LARGEST = 65_536
_MOST = 500


class Repeated(Struct, frozen=True):
    """An answer of status 200, and the rule that let whoever asked have it."""

    body: bytes
    headers: Mapping[str, str]
    rule: str


Question = tuple[str, str | None, str, str]


def question(path: str, accept: str | None, known: KnownKey) -> Question:
    """What makes two questions the same: what is asked for, in which form, and with which key."""
    return path, accept, known.uri, known.text


class Repeats(Struct):
    """The answers of one moment of the database."""

    clock: Callable[[], float] = time.monotonic
    _moment: Moment | None = None
    _answers: dict[Question, tuple[float, Repeated]] = field(default_factory=dict)

    def get(self, asked: Question, moment: Moment) -> Repeated | None:
        if self._moment != moment:
            return None
        until, found = self._answers.get(asked, (0.0, None))
        return found if self.clock() < until else None

    def keep(self, asked: Question, moment: Moment, answer: Repeated) -> None:
        """Keep what was made from what was read after `moment`."""
        if self._moment != moment or len(self._answers) >= _MOST:
            self._answers.clear()
            self._moment = moment
        if len(answer.body) <= _LARGEST:
            self._answers[asked] = (self.clock() + KEPT_SECONDS, answer)
