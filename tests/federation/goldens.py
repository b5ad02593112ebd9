"""Documents as other software writes them, written by hand after its rules, with their addresses put in place."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "wire" / "received"


def names() -> list[str]:
    return sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.json"))


def golden(name: str, **places: str) -> dict[str, Any]:
    """The document of that name; each of `places` stands in it in capitals, such as THEIRS or OUR_GROUP."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place.upper(), places[place])
    document: dict[str, Any] = json.loads(text)
    return document
