"""How the wire says no: one exception tree whose members carry a code, a status hint and facts for the log."""

import inspect
from typing import ClassVar


class ProtocolError(Exception):
    """The message breaks a rule of the protocol.

    The first line of a subclass's docstring is the sentence for people, `code` is stable, `status` is the HTTP status
    that fits an answer, and `facts` (given as keywords) are for the log only.
    """

    code: ClassVar[str] = "protocol_error"
    status: ClassVar[int] = 400

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The sentence for people: the first line of the class's docstring."""
        return (inspect.getdoc(type(self)) or self.code).partition("\n")[0]

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{type(self).__name__}({facts})"
