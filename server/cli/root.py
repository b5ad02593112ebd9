"""`kontor …`: running an instance from a shell or a script.

No command asks when its options are given. Exit codes: 0 done, 1 refused or a fault found, 2 wrongly called. A refusal
is one line on standard error: what was wrong, where, and what to do. These messages are for whoever runs the server and
are English, like the configuration's.
"""

import sys

import click

from server.cli.check import check
from server.cli.demo import demo
from server.cli.frame import FOUND, INTERRUPTED, USAGE, config_option, refusals, version
from server.cli.groups import group
from server.cli.init import init
from server.cli.migrate import migrate
from server.cli.partners import partner
from server.cli.people import person
from server.cli.serve import serve

__all__ = ["kontor", "run"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), prog_name="Kontor", message="%(prog)s %(version)s")
@config_option
def kontor() -> None:
    """Kontor: a company's own social network that can trade with other companies' networks."""


for command in (init, serve, demo, person, group, partner, migrate, check):
    kontor.add_command(command)


def run(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    try:
        with refusals() as lines:
            answer = kontor.main(arguments, prog_name="kontor", standalone_mode=False)
            return answer if isinstance(answer, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return USAGE
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "kontor"
        print(f"{where}: {_in_one_line(error.format_message())} See: {where} --help", file=sys.stderr)
        return USAGE
    except click.ClickException as error:
        print(f"kontor: {_in_one_line(error.format_message())}", file=sys.stderr)
        return FOUND
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    for line in lines:
        print(line, file=sys.stderr)
    return FOUND


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
