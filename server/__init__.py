"""People, clients and processes: pages, the client API, the command line, and what runs in the background."""

from importlib import metadata

try:
    VERSION = metadata.version("kontor")
except metadata.PackageNotFoundError:  # run from the source tree
    VERSION = "0"
