"""A shell in an empty directory, and an instance in it for who asks."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.cli.root import run

PASSWORD = "fourteen green bottles"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left with and printed."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        """The one line of a command that was refused."""
        assert self.code == 1, self
        assert self.error.count("\n") == 1, self.error
        assert self.out == ""
        return self.error.strip()


Kontor = Callable[..., Said]


@pytest.fixture
def kontor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], quick_secrets: None
) -> Kontor:
    """`kontor("person", "list")` runs the command in an empty directory; nobody sits at the terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    (tmp_path / "password").write_text(PASSWORD + "\n", encoding="utf-8")

    def call(*arguments: str) -> Said:
        capfd.readouterr()
        code = run(list(arguments))
        printed = capfd.readouterr()
        return Said(code, printed.out, printed.err)

    return call


@pytest.fixture
def init(kontor: Kontor) -> Callable[..., Said]:
    """`kontor init` with everything it needs, and more."""

    def call(*more: str, url: str = "http://muster.localhost:8001") -> Said:
        person = ("--admin", "anna", "--email", "anna@muster.example", "--password-file", "password")
        return kontor("init", "--name", "Muster Werke", "--url", url, *person, *more)

    return call


@pytest.fixture(scope="session")
def _kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the instance of `muster` is kept as it was when it was new."""
    return tmp_path_factory.mktemp("kept") / "muster"


@pytest.fixture
def muster(kontor: Kontor, init: Callable[..., Said], _kept: Path) -> Kontor:
    """The shell, with an instance in its directory: Anna is admin, Bernd gatekeeper. It is made once and copied."""
    if _kept.exists():
        shutil.copytree(_kept, ".", dirs_exist_ok=True)
        return kontor
    assert init().code == 0
    added = kontor(
        "person", "add", "bernd", "--email", "bernd@muster.example", "--role", "gatekeeper",
        "--password-file", "password",
    )  # fmt: skip
    assert added.code == 0, added
    shutil.copytree(".", _kept)
    return kontor
