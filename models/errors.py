"""How the product says no: a class per reason, its docstring the sentence, a stable code, facts for the log."""

from typing import Any, ClassVar


class DomainError(Exception):
    """This is not possible."""

    code: ClassVar[str] = "not_possible"
    status: ClassVar[int] = 422

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.message())
        self.facts = facts

    @classmethod
    def message(cls) -> str:
        """The English sentence, which is also the key of its translation."""
        return (cls.__doc__ or "").strip().splitlines()[0]


class NotFound(DomainError):
    """This does not exist, or you may not see it."""

    code = "not_found"
    status = 404


class NotAllowed(DomainError):
    """You may not do this."""

    code = "not_allowed"
    status = 403


class Invalid(DomainError):
    """Something in this form is not right."""

    code = "invalid"

    @property
    def field(self) -> str | None:
        """The form field or JSON member the fault is in, where there is one."""
        return self.facts.get("field")


class Conflict(DomainError):
    """This was changed meanwhile."""

    code = "conflict"
    status = 409
