"""Every rule has a test that names it, or a line in FEDERATION.md that says why not.

The rules are listed in tests/wire/rules.txt. A test names one in its name (`test_SIG_13_…`), in its docstring or in a
comment; a range is written `R_01_to_R_03`. FEDERATION.md has two tables: what is left out on purpose, and what is still
missing, where nothing may stand that a test shows already.
"""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.house.tree import ROOT, Module, module, modules

RULES = ROOT / "tests" / "wire" / "rules.txt"
DECLARED = ROOT / "FEDERATION.md"
LEFT_OUT = "What we leave out, and why"
MISSING = "Not yet"
OWN = "tests/house/test_rules.py"

_FAMILIES = "GEN|DISC|HTTP|ACT|COL|ADR|SIG|PRF|TRUST|POL|INB|FWD|GRP|B2B|DLV|CNT|R|L|[Pp]romises?"
_NAMED = re.compile(
    rf"(?<![A-Za-z0-9])(?P<family>{_FAMILIES})[-_ ]?(?P<first>\d+[ab]?)(?![0-9a-zA-Z])"
    rf"(?P<more>(?:[_ ](?:and|to)[_ ](?:(?P=family)[-_ ]?)?\d+[ab]?(?![0-9a-zA-Z]))*)"
)
_MORE = re.compile(r"[_ ](and|to)[_ ](?:[A-Za-z0-9]+?[-_ ]|L)?(\d+[ab]?)(?![0-9a-zA-Z])")


def rules() -> dict[str, str]:
    """Id to words, in the order of the list."""
    lines = [line.split(maxsplit=1) for line in RULES.read_text(encoding="utf-8").splitlines()]
    pairs = [(line[0], line[1]) for line in lines if line and not line[0].startswith("#")]
    assert len(dict(pairs)) == len(pairs), "an id stands twice in the list"
    return dict(pairs)


def ids(text: str) -> Iterator[str]:
    """The rules that `text` names, ranges spelled out."""
    for found in _NAMED.finditer(text):
        family, last = found["family"], found["first"]
        yield _id(family, last)
        for joint, number in _MORE.findall(found["more"]):
            if joint == "to":
                width = len(last)
                for between in range(int(last) + 1, int(number)):
                    yield _id(family, str(between).zfill(width) if last.startswith("0") else str(between))
            last = number
            yield _id(family, number)


def _id(family: str, number: str) -> str:
    if family == "R":
        number = number.zfill(2)
    if family.lower().startswith("promise"):
        family = "promise"
    return f"L{number}" if family == "L" else f"{family}-{number}"


def words_of_tests(file: Module) -> Iterator[str]:
    """What a test file says about itself: names of tests, docstrings, comments."""
    if not _NAMED.search(file.source):
        return
    yield from (node.name for node in _functions(file) if node.name.startswith("test_"))
    for node in (file.tree, *file.nodes(ast.ClassDef), *_functions(file)):
        yield ast.get_docstring(node) or ""
    if any(_NAMED.search(line.partition("#")[2]) for line in file.source.splitlines()):  # else no comment names one
        for token in tokenize.generate_tokens(io.StringIO(file.source).readline):
            if token.type == tokenize.COMMENT:
                yield token.string


def _functions(file: Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [*file.nodes(ast.FunctionDef), *file.nodes(ast.AsyncFunctionDef)]


@functools.cache
def shown() -> set[str]:
    tests = [each for each in modules("tests") if each.file != OWN and re.search(r"/test_\w+\.py$", each.file)]
    return {rule for each in tests for said in words_of_tests(each) for rule in ids(said)}


def declared(heading: str) -> dict[str, str]:
    """Rule to reason, from the table below `heading` in FEDERATION.md."""
    _, _, below = DECLARED.read_text(encoding="utf-8").partition(f"## {heading}\n")
    assert below or heading == MISSING, f"FEDERATION.md has no part called: {heading}"
    table = re.split(r"^## ", below, maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| *([^|]+?) *\| *([^|]*?) *\|", table, flags=re.MULTILINE)
    return {rule: reason for cell, reason in rows for rule in ids(cell)}


def test_every_rule_is_named_by_a_test_or_declared_with_a_reason():
    known = shown() | declared(LEFT_OUT).keys() | declared(MISSING).keys()
    assert [f"{rule} {words}" for rule, words in rules().items() if rule not in known] == []


def test_a_declaration_has_a_reason_and_names_a_rule_that_there_is():
    both = declared(LEFT_OUT) | declared(MISSING)
    assert both.keys() - rules().keys() == set()
    assert {rule: reason for rule, reason in both.items() if len(reason.split()) < 4} == {}


def test_nothing_is_called_missing_that_a_test_shows():
    assert sorted(declared(MISSING).keys() & shown()) == []


def test_tests_name_no_rule_that_nobody_gave():
    assert sorted(shown() - rules().keys()) == []


def test_the_list_says_of_each_rule_what_it_is_about():
    assert {rule: words for rule, words in rules().items() if not 2 <= len(words.split()) <= 5} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("test_SIG_13_a_digest", ["SIG-13"]),
        ("test_R_05_R_06_and_so_on", ["R-05", "R-06"]),
        ("test_SIG_7_and_14_a_get", ["SIG-7", "SIG-14"]),
        ("test_INB_5_R_01_to_R_03_touched", ["INB-5", "R-01", "R-02", "R-03"]),
        ("test_R_71_L1_to_L4_nobody", ["R-71", "L1", "L2", "L3", "L4"]),
        ("test_GRP_8a_a_host", ["GRP-8a"]),
        ("Promises 3 to 5; promise_10_x", ["promise-3", "promise-4", "promise-5", "promise-10"]),
        ("Shows GRP-6 (and B2B-2).", ["GRP-6", "B2B-2"]),
        ("X-R_05 is not SHR_5, URL1, HTTP/2 or HTTP_1x", ["R-05"]),
    ],
)
def test_names_of_rules_are_read_as_people_write_them(text, found):
    assert list(ids(text)) == found


def test_code_is_no_mention():
    source = 'X = "SIG-1"\n\n\ndef test_y():\n    """SIG-2."""\n    z = "SIG-3"  # SIG-4\n    assert z\n'
    assert {rule for said in words_of_tests(module("tests.x", source)) for rule in ids(said)} == {"SIG-2", "SIG-4"}
