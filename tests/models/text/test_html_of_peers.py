"""What other software writes stays readable here, and harmless: whole texts as they arrive (CNT-4)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from models.text.sanitise import clean_remote, clean_stored, to_plain

FOLDER = Path(__file__).parents[2] / "wire" / "html"
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['says']}")
    for file in sorted(FOLDER.glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("case", CASES)
def test_CNT_4_texts_of_other_software_are_shown_as_they_are_meant(case: dict[str, Any]) -> None:
    shown = clean_remote(case["content"])

    assert shown == case["shown"]
    assert to_plain(shown) == case["plain"]
    assert clean_stored(shown) == shown


@pytest.mark.parametrize("case", CASES)
def test_no_word_that_people_wrote_is_lost(case: dict[str, Any]) -> None:
    without_code = re.sub(r"(?s)<(script|style)>.*?</\1>", "", case["content"])
    words = set(re.findall(r"[^\W_]{3,}", to_plain(without_code)))

    assert words - set(re.findall(r"[^\W_]{3,}", to_plain(case["shown"]))) == set()


def test_each_software_that_we_know_of_has_its_texts() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == {"lemmy", "mastodon", "misskey", "nodebb", "wordpress"}
