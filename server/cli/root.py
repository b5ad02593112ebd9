"""`kontor …`: running an instance from a shell or a script.

No command asks when its options are given. Exit codes: 0 done, 1 refused or a fault found, 2 wrongly called. A refusal
is one line on standard error: what was wrong, where, and what to do. These messages are for whoever runs the server and
are English, like the configuration's.
"""

import gc
import importlib
import sys

import click

from server.cli.frame import FOUND, INTERRUPTED, USAGE, config_option, refusals, version

__all__ = ["kontor", "run"]

_COMMANDS = {
    "init": "init",
    "serve": "serve",
    "demo": "demo",
    "person": "people",
    "group": "groups",
    "partner": "partners",
    "federation": "federation",
    "keys": "keys",
    "migrate": "migrate",
    "backup": "backup",
    "check": "check",
}
"""Each command with its module here, which is loaded when the command is asked for: loading all takes a second."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        name = f"server.cli.{module}"
        is_loaded = name in sys.modules
        gc.disable()  # what is loaded stays: looking for garbage in it took a tenth of the start
        try:
            command = getattr(importlib.import_module(name), cmd_name)
        finally:
            if not is_loaded:
                gc.freeze()
            gc.enable()
        assert isinstance(command, click.Command)  # noqa: S101 - what the table says
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), prog_name="Kontor", message="%(prog)s %(version)s")
@config_option
def kontor() -> None:
    """Kontor: a company's own social network that can trade with other companies' networks."""


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
