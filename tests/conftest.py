"""Begins and ends a session. What tests ask for is in `tests/fixtures.py`, which is loaded where tests run.

With several workers the first process only gives tests out: loading the program there would make all of them wait.
"""

import os
from typing import Any

import pytest

from tests import postgres
from tests.requirements import insist


def pytest_configure(config: pytest.Config) -> None:
    insist()
    memory = postgres.memory()
    if memory is not None:  # a commit is durable there at once, as a test that is over needs no disk
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)
    if not _only_gives_out(config):
        config.pluginmanager.import_plugin("tests.fixtures")


def _only_gives_out(config: pytest.Config) -> bool:
    """Whether this process starts workers, and runs no test itself."""
    is_worker = hasattr(config, "workerinput")
    return not is_worker and not config.option.collectonly and getattr(config.option, "dist", "no") != "no"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What is alike stays with one worker."""
    from tests.scheduling import FromBothEnds

    return FromBothEnds(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much of the contract with clients was exercised."""
    for report in terminalreporter.getreports("passed"):
        for name, said in report.user_properties:
            if name == "contract":
                terminalreporter.write_line(f"contract: {said}")
