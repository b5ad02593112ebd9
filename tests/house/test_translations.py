"""Everything people read is there in German, word for word with the same places for names and numbers."""

import re

import pytest

from server.config.checking import LANGUAGES
from server.i18n import CATALOGUES, SOURCE_LANGUAGE
from server.i18n.extraction import catalogue, extract, messages

LANGUAGES_TO_TRANSLATE = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]

_PLACES = re.compile(r"%\([a-z_]+\)[sd]|\{[a-z_]*\}|%%|</?[a-z][^>]*>")
_UPDATE = "run: python -m server.i18n update"


def _places(text: str) -> list[str]:
    return sorted(_PLACES.findall(text))


def differences(source: str | tuple[str, str], translated: str | tuple[str, ...]) -> list[str]:
    """What a translation lost or gained of the places of its source; the number may be missing where it is one."""
    if isinstance(source, str):
        forms = [(source, str(translated))]
    else:
        forms = [(source[min(index, 1)], form) for index, form in enumerate(translated)]
    wrong = []
    for index, (original, form) in enumerate(forms):
        one = isinstance(source, tuple) and index == 0
        expected, given = (
            ([place for place in _places(text) if not (one and place == "%(num)s")]) for text in (original, form)
        )
        if expected != given:
            wrong.append(f"{form!r} has {given}, {original!r} has {expected}")
    return wrong


@pytest.fixture(scope="module")
def sentences():
    return extract()


@pytest.mark.parametrize("language", LANGUAGES_TO_TRANSLATE)
def test_every_sentence_is_translated(language, sentences):
    translated = {message.id: message for message in messages(catalogue(language))}
    missing = []
    for sentence, files in sentences.items():
        message = translated.get(sentence)
        strings = [] if message is None else [message.string] if isinstance(message.string, str) else message.string
        if not strings or not all(strings):
            missing.append(f"{files[0]}: {sentence!r}")
    assert not missing, f"{len(missing)} without {language} ({_UPDATE}):\n" + "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES_TO_TRANSLATE)
def test_translations_have_the_places_of_their_source(language):
    wrong = [
        difference
        for message in messages(catalogue(language))
        if message.string and any(message.string)
        for difference in differences(message.id, message.string)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES_TO_TRANSLATE)
def test_nothing_is_guessed_obsolete_or_unused(language, sentences):
    there = catalogue(language)
    assert [message.id for message in messages(there) if message.fuzzy] == []
    assert list(there.obsolete) == []
    assert [message.id for message in messages(there) if message.id not in sentences] == [], _UPDATE


def test_every_language_that_can_be_chosen_has_a_catalogue_and_no_compiled_one():
    assert sorted(path.name for path in CATALOGUES.iterdir() if path.is_dir()) == sorted(LANGUAGES_TO_TRANSLATE)
    assert list(CATALOGUES.rglob("*.mo")) == []


@pytest.mark.parametrize(
    ("source", "translated"),
    [
        ("Hello, %(name)s!", "Hallo!"),
        ("Hello, %(name)s!", "Hallo, %(nmae)s!"),
        ("Hello!", "Hallo, %(name)s!"),
        ("{count} posts", "Beiträge"),
        (("%(num)s reply", "%(num)s replies"), ("Eine Antwort", "Antworten")),
        ("<b>x</b>", "<b>x"),
    ],
)
def test_a_lost_place_is_noticed(source, translated):
    assert differences(source, translated)


@pytest.mark.parametrize(
    ("source", "translated"),
    [
        ("%(a)s and %(b)s", "%(b)s und %(a)s"),
        (("%(num)s reply", "%(num)s replies"), ("Eine Antwort", "%(num)s Antworten")),
        (("one", "%(num)s of %(all)s"), ("eine", "%(num)s von %(all)s")),
    ],
)
def test_another_order_is_no_fault(source, translated):
    assert not differences(source, translated)
