"""`kontor …`: running an instance from a shell or a script. The command itself is `server.cli.root`.

Nothing is imported here: processes that decode pictures import the program's entrance anew, and must be quick.
"""

from typing import NoReturn


def main() -> NoReturn:
    """Run one command and leave with its exit code."""
    import sys

    from server.cli.root import run

    sys.exit(run())
