"""`python -m server.i18n update` brings the catalogues up to date with the code."""

import sys

from . import CATALOGUES
from .extraction import update

if __name__ == "__main__":
    if sys.argv[1:] != ["update"]:
        sys.exit("usage: python -m server.i18n update")
    for folder in sorted(path for path in CATALOGUES.iterdir() if path.is_dir()):
        total, missing = update(folder.name)
        sys.stdout.write(f"{folder.name}: {total} sentences, {missing} without a translation\n")
