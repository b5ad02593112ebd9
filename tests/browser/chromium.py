"""The real browser that tests drive: where it is, and how it is started so that it talks to nobody but us."""

import shutil
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = Path(__file__).parent / "screenshots"


def program() -> Path | None:
    """The browser's program; None where there is none."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None
