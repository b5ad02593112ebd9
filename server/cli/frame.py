"""What every command stands in: the configuration's option, the database opened, refusals in one line, output."""

import asyncio
import contextlib
import enum
import functools
import importlib.metadata
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from models import migrations
from models.database import Database, Unreachable
from models.errors import DomainError
from server.config import Config, ConfigError

FOUND = 1
USAGE = 2
INTERRUPTED = 130
DEFAULT_CONFIG = Path("instance.toml")
_CONFIG = "kontor.config"

P = ParamSpec("P")
T = TypeVar("T")


def version() -> str:
    try:
        return importlib.metadata.version("kontor")
    except importlib.metadata.PackageNotFoundError:
        return "0"


class Refusal(Exception):
    """Something is not possible: `place` is where, `problem` what, `fix` what to do about it."""

    def __init__(self, place: str, problem: str, fix: str = "") -> None:
        super().__init__(" ".join(part for part in (f"{place}:", problem, fix) if part))


# Options


def config_option(command: Callable[P, T]) -> Callable[P, T]:
    """`--config FILE`, understood before and after a subcommand; read it with `config_path()`."""

    def remember(context: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
        if value is not None:
            context.meta[_CONFIG] = value

    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=remember,
        expose_value=False,
        help=f"Configuration of the instance (default: {DEFAULT_CONFIG}).",
    )(command)


class Asked(click.Option):
    """A required option that is asked for at a terminal, and missing where nobody could answer."""

    def prompt_for_value(self, ctx: click.Context) -> Any:
        if not sys.stdin.isatty():
            raise click.MissingParameter(ctx=ctx, param=self)
        return super().prompt_for_value(ctx)


def choice(members: type[enum.StrEnum]) -> click.Choice[str]:
    """One of the values of an enumeration."""
    return click.Choice([str(member) for member in members])


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def config_path() -> Path:
    return Path(click.get_current_context().meta.get(_CONFIG, DEFAULT_CONFIG))


# Running


def asynchronous(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Let click call a coroutine function."""

    @functools.wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> T:
        return asyncio.run(command(*arguments, **options))

    return run


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Database]:
    """The database of the configured instance, whose tables are those of this release.

    Raises:
        ConfigError. Refusal: there is no database there, it cannot be reached, or it is of another release.
    """
    config = Config.load(config_path())
    async with connected(config) as database:
        current = await fit_for_this_release(database)
        if current != migrations.newest():
            state = "is empty" if current is None else f"is at {current}, this release needs {migrations.newest()}"
            raise Refusal(
                shown_url(database), f"The database {state}.", f"Run: kontor migrate --config {config_path()}"
            )
        yield database


async def fit_for_this_release(database: Database) -> str | None:
    """The number of the last migration that ran. Raises Refusal: this release does not know it."""
    current = await migrations.current(database)
    if current is not None and current > (migrations.newest() or ""):
        raise Refusal(shown_url(database), f"A newer Kontor made this database ({current}).", "Install that release.")
    return current


@contextlib.asynccontextmanager
async def connected(config: Config, *, creates: bool = False) -> AsyncIterator[Database]:
    """The database of `config` as it is. `creates`: an SQLite file may be missing and is made.

    Raises:
        Refusal: it is missing or cannot be reached.
    """
    from server.app import house

    database = Database(config.database_url, instance=house(config))
    if not creates and not database.is_there:
        raise Refusal(
            shown_url(database), "There is no database here.", f"Make it: kontor migrate --config {config_path()}"
        )
    try:
        await database.reach()
        yield database
    except Unreachable as error:
        fix = "Allow this user to write in its folder." if database.is_sqlite else "Start it, or mend its address."
        problem = f"The database cannot be opened: {error}."
        raise Refusal(shown_url(database), problem, f"{fix} ([database] url)") from None
    finally:
        await database.close()


def shown_url(database: Database) -> str:
    """The database's address without its password."""
    return database.url.render_as_string(hide_password=True)


@contextlib.contextmanager
def refusals() -> Iterator[list[str]]:
    """Swallow what may be refused; its lines, for standard error, are in the list afterwards."""
    lines: list[str] = []
    try:
        yield lines
    except ConfigError as error:
        lines += [f"kontor: {finding}" for finding in error.findings]
    except Refusal as error:
        lines.append(f"kontor: {error}")
    except DomainError as error:
        lines.append(f"kontor: {described(error)}")


def described(error: DomainError) -> str:
    """A rule's refusal in one line: where, and what."""
    facts = {name: value for name, value in error.facts.items() if name != "field"}
    field = error.facts.get("field")
    is_option = field and field not in {"username", "host"}
    place = f"--{field}" if is_option else " ".join(map(str, facts.values())) or field
    return f"{place}: {error.message()}" if place else error.message()


# Output


def print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_rows(columns: Sequence[str], rows: Sequence[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    """`rows` as a table, or as JSON; `columns` are the keys shown in the table."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        print(empty)
        return
    from rich.box import SIMPLE_HEAD  # here, because it is as large as some servers, and ours prints no tables
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_in_words(row[column]) for column in columns))
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)
    console.print(table)


def _in_words(value: object) -> str:
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value)) or "–"
        case dict():
            return ", ".join(f"{name}={entry}" for name, entry in value.items()) or "–"
    return str(value)


# Secrets


def password_from(file: str | None) -> str:
    """The first line of `file` (`-` for standard input); without one it is asked for, twice.

    Raises:
        UsageError: nobody is there to be asked. Refusal: the file cannot be read or is empty.
    """
    if file is None:
        if not sys.stdin.isatty():
            raise click.UsageError("Missing option '--password-file'.", click.get_current_context())
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "It is not UTF-8"
        raise Refusal(
            f"--password-file {file}", f"{reason}.", "Give a file whose first line is the password."
        ) from None
    password = text.rstrip("\r\n")
    if not password:
        raise Refusal(f"--password-file {file}", "It is empty.", "Write the password in its first line.")
    return password
