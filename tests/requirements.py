"""What some tests need from the machine. Missing it they are skipped, with a reason, unless KONTOR_REQUIRE names it."""

import os
from typing import NoReturn

import pytest

_VARIABLE = "KONTOR_REQUIRE"


def missing(what: str, reason: str) -> NoReturn:
    """End the running test: skipped, or failed where the environment says that `what` must be there."""
    required = os.environ.get(_VARIABLE, "").replace(" ", "").split(",")
    if what in required:
        pytest.fail(f"{_VARIABLE} asks for {what}, but {reason}", pytrace=False)
    pytest.skip(reason)
