"""The kinds of values in answers, as strict clients read them.

An entity has exactly the members written down, unless it says `Open`; a member with `Left = UNSET` may be left out.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = ["UNSET", "Count", "Day", "Digits", "Entity", "Id", "Left", "Nothing", "Open", "Time", "Url"]

Left = UnsetType
"""In a union: the member may be left out."""

Id = Annotated[str, Meta(pattern=r"^[0-9]{1,20}$", description="An id; sorts by length, then by letter.")]
Time = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        description="A moment in UTC, three decimals, with a Z.",
        examples=["2026-01-31T12:34:56.789Z"],
    ),
]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$", description="A day.", examples=["2026-01-31"])]
Digits = Annotated[str, Meta(pattern=r"^[0-9]+$", description="A whole number, written as text.")]
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+(/\S*)?$", description="An absolute address.")]
Count = Annotated[int, Meta(ge=0)]


class Entity(Struct, kw_only=True, forbid_unknown_fields=True):
    """A JSON object that has the members written down, and no others."""


class Open(Struct, kw_only=True):
    """A JSON object that may have more members than those written down."""


class Nothing(Entity):
    """An empty object: it was done, and there is nothing to say."""
