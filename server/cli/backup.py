"""`kontor backup DIRECTORY`: database and files of an instance, copied while it runs and looked through at once."""

import asyncio
import shutil
from pathlib import Path

import click
from msgspec.structs import asdict

from models import backups
from models.backups import CopyDiffers
from server import newest
from server.cli.frame import Refusal, asynchronous, config_option, config_path, connected, json_option, print_json
from server.config import Config

DATABASE, MEDIA = "kontor.sqlite3", "media"
_LEFT = frozenset({"remote", newest.FILE})  # copies of pictures elsewhere, and what is newer than the database copied


@click.command()
@config_option
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@json_option
@asynchronous
async def backup(directory: Path, as_json: bool) -> None:
    """Copy the instance into the new DIRECTORY.

    Whoever has it can read everything. The secret key is not in it: without that and instance.toml, kept elsewhere,
    nothing can be signed. Where the copy is served deliveries are halted until `kontor federation resume`.
    """
    config = Config.load(config_path())
    async with connected(config) as database:
        if not database.is_sqlite:
            raise Refusal(
                "[database] url",
                "A PostgreSQL database is copied by its own program.",
                "Use pg_dump; where the copy is restored run `kontor federation halt` before `kontor serve`.",
            )
        await asyncio.to_thread(_make, directory)
        try:
            found = await backups.copy(database, directory / DATABASE)
        except CopyDiffers as error:
            raise Refusal(str(directory / DATABASE), f"The copy is not whole: {error}.", "Run: kontor check") from None
    files = await asyncio.to_thread(_copy_files, config.media_directory, directory / MEDIA)
    if as_json:
        print_json({"directory": str(directory), "files": files, **asdict(found)})
        return
    seal = f" and ends in {found.seal[:12]}" if found.seal else ""
    click.echo(f"{directory} holds {found.accounts} accounts, {found.posts} posts and {files} files.")
    click.echo(f"The chain of its ledger, {found.ledger_lines} lines, is whole{seal}.")


def _make(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise Refusal(str(directory), "It is there already.", "Name a directory that is not.") from None


def _copy_files(source: Path, to: Path) -> int:
    if source.exists():
        shutil.copytree(source, to, ignore=lambda folder, _: _LEFT if Path(folder) == source else ())
    return sum(path.is_file() for path in to.rglob("*"))
