"""`kontor init`: everything or nothing, and never over something."""

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from models import accounts
from models.database import Database
from models.tables import Account, Role
from server.app import house
from server.auth import passwords
from server.config import Config
from tests.server.cli.conftest import PASSWORD, Kontor, Said

Init = Callable[..., Said]


def _admin() -> Account | None:
    async def ask() -> Account | None:
        config = Config.load("instance.toml")
        database = Database(config.database_url, instance=house(config))
        async with database.reading() as session:
            found = await accounts.by_login(session, "anna")
        await database.close()
        return found

    return asyncio.run(ask())


def test_it_writes_configuration_key_and_database_with_an_admin(init: Init) -> None:
    """And below localhost the development setting, which it says."""
    said = init()
    assert said.code == 0
    assert said.error == ""
    config = Config.load("instance.toml")
    assert (config.instance.name, config.base_url, config.server.port) == (
        "Muster Werke",
        "http://muster.localhost:8001",
        8001,
    )
    assert stat.S_IMODE(Path("kontor.key").stat().st_mode) == 0o600
    assert Path("media").is_dir()
    admin = _admin()
    assert admin is not None
    assert (admin.role, admin.email) == (Role.ADMIN, "anna@muster.example")
    assert asyncio.run(passwords.verify(admin.password_hash, PASSWORD)) is True
    assert config.development.insecure_hosts == ("*.localhost",)
    assert "127.0.0.0/8" in config.development.private_networks
    assert "Development setting" in said.out


def test_a_public_address_gets_no_development_setting(init: Init) -> None:
    said = init(url="https://social.muster.example")
    config = Config.load("instance.toml")
    assert (config.development.insecure_hosts, config.development.private_networks) == ((), ())
    assert config.server.port == 8000
    assert "Development" not in said.out


def test_nothing_is_overwritten_and_a_script_can_read_what_was_written(init: Init) -> None:
    facts = init("--json").json
    assert facts["config"] == "instance.toml"
    assert facts["development"] is True
    before = {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    assert "is there already" in init().refusal
    Path("instance.toml").unlink()
    assert "kontor.key" in init().refusal
    after = {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    assert after == {name: content for name, content in before.items() if name != "instance.toml"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--url", "http://muster.example"), "Plain http is refused"),
        (("--url", "muster"), "no web address"),
        (("--url", "https://muster.example/social"), "Only scheme, host and port"),
        (("--name", ""), "name is empty"),
        (("--admin", "two words"), "A name has 1 to 30"),
        (("--email", "nowhere"), "not an e-mail address"),
        (("--database", "mysql://x/y"), "cannot be used"),
        (("--database", "postgresql+asyncpg://nobody:hush@127.0.0.1:1/none"), "cannot be opened"),
        (("--database", "sqlite:///missing/folder/x.sqlite3"), "cannot be opened"),
        (("--password-file", "missing"), "No such file"),
    ],
    ids=[
        "plain http",
        "no address",
        "an address with a path",
        "no company",
        "no name",
        "no e-mail address",
        "another kind of database",
        "a database that is away",
        "a folder that is missing",
        "no password file",
    ],
)
def test_what_is_refused_leaves_nothing_behind(init: Init, options: tuple[str, ...], says: str) -> None:
    before = sorted(path.name for path in Path().iterdir())
    refusal = init(*options).refusal
    assert says in refusal
    assert "hush" not in refusal
    assert sorted(path.name for path in Path().iterdir()) == before


@pytest.mark.parametrize("password", ["short", "anna", "password1234", ""])
def test_a_password_that_anybody_would_guess_is_refused(init: Init, password: str) -> None:
    Path("password").write_text(password, encoding="utf-8")
    assert "password" in init().refusal.lower()
    assert not Path("instance.toml").exists()


def test_a_database_that_has_an_instance_is_left_alone(init: Init, kontor: Kontor) -> None:
    init()
    Path("other").mkdir()
    database = Path("kontor.sqlite3").absolute()
    before = database.read_bytes()
    assert (
        "There is an instance" in init("--config", "other/instance.toml", "--database", f"sqlite:///{database}").refusal
    )
    assert database.read_bytes() == before
    assert kontor("person", "list").code == 0


def test_a_database_that_is_there_and_empty_is_used(init: Init, kontor: Kontor) -> None:
    """On PostgreSQL the tables of an attempt that was refused stay; a second attempt goes on with them."""
    empty = f"sqlite:///{Path('prepared.sqlite3').absolute()}"
    refused = init("--database", empty, "--admin", "no name")
    assert refused.code == 1
    Path("prepared.sqlite3").touch()
    assert init("--database", empty).code == 0
    assert len(kontor("person", "list", "--json").json) == 1


def test_without_an_option_and_without_a_terminal_nothing_is_asked(kontor: Kontor) -> None:
    said = kontor("init", "--name", "Muster Werke")
    assert said.code == 2
    assert said.error.count("\n") == 1
    assert "--url" in said.error
