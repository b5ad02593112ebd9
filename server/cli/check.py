"""`kontor check`: whether all is well, and what to do where it is not."""

from typing import TYPE_CHECKING

import click

from server.cli.frame import FOUND, asynchronous, config_option, config_path, json_option, print_json

if TYPE_CHECKING:
    from server.checks import Remark


@click.command()
@config_option
@json_option
@click.pass_context
def check(context: click.Context, as_json: bool) -> None:
    """Look at configuration, database, keys, files and reachability; leave with 1 when there is a fault."""
    from server.checks import Grade

    remarks = examine()
    if as_json:
        print_json(
            [
                {
                    "grade": str(remark.grade),
                    "place": remark.finding.place,
                    "problem": remark.finding.problem,
                    "fix": remark.finding.fix,
                }
                for remark in remarks
            ]
        )
    else:
        for remark in remarks:
            click.echo(f"{remark.grade}: {remark.finding}")
        faults = sum(remark.grade is Grade.FAULT for remark in remarks)
        click.echo(f"{faults or 'No'} fault{'' if faults == 1 else 's'} found in {config_path()}.")
    if any(remark.grade is Grade.FAULT for remark in remarks):
        context.exit(FOUND)


@asynchronous
async def examine() -> "list[Remark]":
    from models.database import Database
    from server import checks
    from server.app import house

    return await checks.check(
        config_path(), database_of=lambda config: Database(config.database_url, instance=house(config))
    )
