"""`kontor …`: running an instance from a shell or a script. The command itself is `server.cli.root`.

Nothing is imported here: processes that decode pictures import the program's entrance anew, and must be quick.
"""

from typing import NoReturn


def main() -> NoReturn:
    """Run one command and leave with its exit code."""
    import gc
    import sys

    gc.disable()  # until the command is loaded: what is loaded stays, and to look through it takes long
    from server.cli.root import run

    sys.exit(run())
