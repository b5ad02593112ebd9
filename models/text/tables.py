"""Tables in Markdown: a head line, a line of dashes, and rows; cells are separated by `|`."""

import re
import xml.etree.ElementTree as ET

from markdown.blockprocessors import BlockProcessor

COLUMNS = 30

_DASHES = re.compile(r"[ \t]*:?-+:?[ \t]*")
_MARK = "\N{NULL}"  # cannot stand in a source: the text was cleaned before


class TableProcessor(BlockProcessor):
    """Makes `<table>` of a block whose second line is dashes. A `\\|` or one in code is no separator."""

    def test(self, parent: ET.Element, block: str) -> bool:
        lines = block.split("\n", 2)
        if len(lines) < 2 or "|" not in lines[0] or "|" not in lines[1]:
            return False
        dashes = _cells(lines[1])
        return len(dashes) == len(_cells(lines[0])) <= COLUMNS and all(_DASHES.fullmatch(cell) for cell in dashes)

    def run(self, parent: ET.Element, blocks: list[str]) -> None:
        lines = blocks.pop(0).split("\n")
        head = _cells(lines[0])
        table = ET.SubElement(parent, "table")
        _row(ET.SubElement(table, "thead"), "th", head, len(head))
        if len(lines) > 2:
            body = ET.SubElement(table, "tbody")
            for line in lines[2:]:
                _row(body, "td", _cells(line), len(head))


def _row(parent: ET.Element, tag: str, cells: list[str], count: int) -> None:
    row = ET.SubElement(parent, "tr")
    for number in range(count):
        ET.SubElement(row, tag).text = cells[number] if number < len(cells) else ""


def _cells(line: str) -> list[str]:
    text = line.replace("\\|", _MARK).strip()
    pieces = text.split("`")
    if len(pieces) % 2:  # every second piece stands in code
        pieces[1::2] = [piece.replace("|", _MARK) for piece in pieces[1::2]]
    text = "`".join(pieces).removeprefix("|").removesuffix("|")
    return [cell.strip().replace(_MARK, "|") for cell in text.split("|")]
