"""The real browser that tests drive: where it is, and how it is started so that it talks to nobody but us."""

import shutil
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_NOT_WANTED = (  # this list takes the place of Playwright's own
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "RenderDocument",  # each page that is opened would have a frame of its own made
    "SpareRendererForSitePerProcess",  # and a process be started for one that might follow
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxAimPopup",  # each window would load two pages for an address bar that nobody sees
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(_NOT_WANTED)}",
)
SCREENSHOTS = Path(__file__).parent / "screenshots"


def program() -> Path | None:
    """The browser's program; None where there is none."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None
