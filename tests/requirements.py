"""What some tests need from the machine. Missing it they are skipped, with a reason, unless KONTOR_REQUIRE names it."""

import importlib.util
import os
from collections.abc import Mapping
from typing import NoReturn

import pytest

from tests import postgres
from tests.browser import chromium

_VARIABLE = "KONTOR_REQUIRE"


def required() -> set[str]:
    """What must be there: the words of KONTOR_REQUIRE, such as `browser,postgres`."""
    return set(os.environ.get(_VARIABLE, "").replace(" ", "").split(",")) - {""}


def absent() -> Mapping[str, str]:
    """What is not there, with the plain reason."""
    reasons = {}
    if chromium.program() is None:
        reasons["browser"] = "no Chromium is installed here"
    try:
        postgres.binaries()
    except postgres.Unavailable as reason:
        reasons["postgres"] = str(reason)
    if importlib.util.find_spec("av") is None:
        reasons["video"] = "PyAV is not installed here"
    return reasons


def insist() -> None:
    """End the whole session before it begins when something required is absent. Raises UsageError."""
    unknown = required() - {"browser", "postgres", "video"}
    if unknown:
        raise pytest.UsageError(f"{_VARIABLE} knows browser, postgres and video, not {', '.join(sorted(unknown))}")
    for what, reason in absent().items():
        if what in required():
            raise pytest.UsageError(f"{_VARIABLE} asks for {what}, but {reason}")


def missing(what: str, reason: str) -> NoReturn:
    """End the running test: skipped, or failed where the environment says that `what` must be there."""
    if what in required():
        pytest.fail(f"{_VARIABLE} asks for {what}, but {reason}", pytrace=False)
    pytest.skip(reason)
