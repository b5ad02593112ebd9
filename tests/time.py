"""Holds the one clock of the house (`models.base.now`)."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import pytest

import models.base


class Clock:
    """Stands still until `advance` moves it on."""

    def __init__(self, moment: datetime) -> None:
        self.now = moment

    @classmethod
    def held(cls, monkeypatch: pytest.MonkeyPatch) -> Self:
        clock = cls(datetime.now(UTC))

        class Held(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return clock.now.astimezone(tz)

        monkeypatch.setattr(models.base, "datetime", Held)
        return clock

    def advance(self, **by: float) -> None:
        """Move on by `days`, `hours`, `minutes` or `seconds`."""
        self.now += timedelta(**by)
