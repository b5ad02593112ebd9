"""`kontor migrate`: the database brought to this release's tables. `kontor serve` does the same when it starts."""

import click

from models import migrations
from server.cli.frame import (
    asynchronous,
    config_option,
    config_path,
    connected,
    fit_for_this_release,
    json_option,
    print_json,
)
from server.config import Config


@click.command()
@config_option
@json_option
@asynchronous
async def migrate(as_json: bool) -> None:
    """Bring the database to the tables of this release; a second time changes nothing."""
    async with connected(Config.load(config_path()), creates=True) as database:
        await fit_for_this_release(database)
        ran = await migrations.upgrade(database)
        current = await migrations.current(database)
    if as_json:
        print_json({"ran": ran, "current": current})
    elif ran:
        click.echo(f"Ran {', '.join(ran)}: the database is at {current}.")
    else:
        click.echo(f"The database is at {current} already.")
