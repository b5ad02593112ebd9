"""The configuration of the company Lovelace, as its pages and its clients meet it."""

import functools
from dataclasses import replace
from pathlib import Path

from server.config import Config, new_key
from tests.world import HOME


def settings_of(folder: Path, lines: str) -> Config:
    """What stands in a file in `folder` with these lines."""
    return replace(_read(lines), path=folder / "instance.toml")


@functools.cache
def _read(lines: str) -> Config:
    text = (
        f'[instance]\nname = "Lovelace"\nurl = "{HOME}"\ndefault_language = "en"\n'
        f'[secrets]\nkey = "{new_key()}"\n[development]\ninsecure_hosts = ["*.localhost"]\n{lines}'
    )
    return Config.parse(text, path=Path("instance.toml"))
