"""Finds every sentence that people can see, and keeps the catalogues in step with them.

Sentences stand in calls of gettext in Python and templates, and in the docstrings of refusals (models/errors.py).
"""

import ast
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from . import CATALOGUES

ROOT = Path(str(resources.files("server"))).parent
STOREYS = ("server", "federation", "models")

_KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "translate": (2,)}
_CALL = re.compile(rf"\b(?:{'|'.join(_KEYWORDS)})\s*\(")
_CLASS = re.compile(r"^[ \t]*class (\w+)(?:\(([^)]*)\))?:", re.MULTILINE)
_HEADER = """\
# {language} texts of Kontor. `python -m server.i18n update` adds new sentences and drops those no longer used.
msgid ""
msgstr ""
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""

Sentence = str | tuple[str, str]


def extract() -> dict[Sentence, list[str]]:
    """Every sentence, or pair of singular and plural, with the files it stands in."""
    found: dict[Sentence, list[str]] = {}
    for sentence, file in sorted([*_called(), *_refusals()], key=lambda each: (each[1], str(each[0]))):
        files = found.setdefault(sentence, [])
        if file not in files:
            files.append(file)
    for sentence in [each for each in found if isinstance(each, str)]:  # a catalogue has one entry for both
        pair = next((each for each in found if isinstance(each, tuple) and each[0] == sentence), None)
        if pair is not None:
            found[pair] = sorted({*found[pair], *found.pop(sentence)})
    return found


def catalogue(locale: str) -> Catalog:
    """The catalogue of `locale` as it is in the repository, empty if there is none."""
    file = _file(locale)
    if not file.exists():
        return Catalog(locale=locale, domain="kontor")
    with file.open("rb") as opened:
        return read_po(opened, locale=locale, domain="kontor")


def update(locale: str) -> tuple[int, int]:
    """Write the catalogue of `locale` anew: translations stay, new sentences are empty, unused ones are gone.

    Returns how many sentences there are, and how many lack a translation.
    """
    before = catalogue(locale)
    after = Catalog(locale=locale, domain="kontor", fuzzy=False)
    for sentence, files in extract().items():
        key = sentence if isinstance(sentence, str) else sentence[0]
        old = before.get(key)
        translated = old.string if old and not old.fuzzy and old.id == sentence else ""
        if isinstance(sentence, tuple) and not translated:
            translated = ("",) * after.num_plurals
        after.add(sentence, translated, locations=[(file, 0) for file in files])
    file = _file(locale)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        header = _HEADER.format(
            locale=locale, language=after.locale.english_name if after.locale else locale, plurals=after.plural_forms
        )
        opened.write(header.encode())
        write_po(opened, after, width=110, omit_header=True, include_lineno=False, sort_by_file=True)
    return len(after), sum(1 for message in messages(after) if is_missing(message))


def messages(of: Catalog) -> Iterator[Message]:
    """The entries of a catalogue, without its header."""
    return (message for message in of if message.id)


def is_missing(message: Message) -> bool:
    """Whether an entry has no translation, or not in every plural form."""
    strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return not all(strings)


def _file(locale: str) -> Path:
    return CATALOGUES / locale / "LC_MESSAGES" / "kontor.po"


def _called() -> Iterator[tuple[Sentence, str]]:
    for method, pattern, folders in (
        ("python", "*.py", STOREYS),
        ("jinja2.ext:babel_extract", "*.html", ("server/templates",)),
    ):
        options = {"newstyle_gettext": "true", "silent": "false"} if method != "python" else {}
        for path in _files(folders, pattern):
            if method == "python" and not _CALL.search(path.read_text(encoding="utf-8")):
                continue  # the extraction takes a file apart into tokens, which is slow
            for _, message, _, _ in extract_from_file(method, path, keywords=_KEYWORDS, options=options):
                name = path.relative_to(ROOT).as_posix()
                if isinstance(message, tuple):
                    yield (message[0], message[1]), name
                elif message:
                    yield message, name


def _refusals() -> Iterator[tuple[Sentence, str]]:
    """The first lines of the docstrings of DomainError and whatever inherits from it, in any storey."""
    classes = [(path, *found) for path in _files(STOREYS, "*.py") for found in _classes(path)]
    refusals = {"DomainError"}
    while more := {name for _, name, bases in classes if bases & refusals} - refusals:
        refusals |= more
    for path in sorted({path for path, name, _ in classes if name in refusals}):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name in refusals and (documented := ast.get_docstring(node)):
                yield documented.splitlines()[0], path.relative_to(ROOT).as_posix()


def _classes(path: Path) -> Iterator[tuple[str, set[str]]]:
    """The classes of a file, each with the last names of what it inherits from; parsing all files would be slow."""
    for name, bases in _CLASS.findall(path.read_text(encoding="utf-8")):
        yield name, {base.strip().rpartition(".")[2] for base in bases.split(",")}


def _files(folders: Iterable[str], pattern: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob(pattern))
