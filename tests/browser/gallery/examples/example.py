"""What a page of the gallery is."""

from dataclasses import dataclass
from typing import Any

from server.web import views as v
from tests.browser.gallery.cast.people import SHELL


@dataclass(frozen=True, slots=True)
class Example:
    """A page of the gallery."""

    name: str
    template: str
    shell: v.Shell
    view: Any = None


def page(name: str, template: str, view: Any = None, shell: v.Shell = SHELL) -> Example:
    return Example(name, f"web/{template}.html", shell, view)
