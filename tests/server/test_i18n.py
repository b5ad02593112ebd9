"""The reader's language: catalogues, negotiation, formats, templates, and finding what must be translated."""

from datetime import UTC, date, datetime, timedelta

import jinja2
import pytest
from markupsafe import Markup

from models.errors import NotAllowed, NotFound
from server import i18n, images
from server.i18n import extraction

GERMAN = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Hello, %(name)s!"
msgstr "Hallo, %(name)s!"

msgid "%(num)s reply"
msgid_plural "%(num)s replies"
msgstr[0] "%(num)s Antwort"
msgstr[1] "%(num)s Antworten"

#, fuzzy
msgid "Guess"
msgstr "Geraten"

msgid "You may not do this."
msgstr "Das darfst du nicht."
"""


@pytest.fixture
def german(tmp_path, monkeypatch):
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "kontor.po").write_text(GERMAN, encoding="utf-8")
    monkeypatch.setattr(i18n, "CATALOGUES", tmp_path)
    monkeypatch.setattr(extraction, "CATALOGUES", tmp_path)
    i18n.translations.cache_clear()
    yield folder / "kontor.po"
    i18n.translations.cache_clear()


def test_what_is_worded_inside_speaks_the_language_that_was_said(german):
    assert i18n.gettext("Hello, %(name)s!", name="Ada") == "Hello, Ada!"
    with i18n.speaking("de"):
        assert i18n.gettext("Hello, %(name)s!", name="Ada") == "Hallo, Ada!"
        with i18n.speaking("en"):
            assert i18n.gettext("Hello, %(name)s!", name="Ada") == "Hello, Ada!"
        assert i18n.spoken() == "de"
    assert i18n.spoken() == "en"


@pytest.mark.parametrize(
    ("locale", "one", "many"),
    [("en", "1 reply", "1,234 replies"), ("de", "1 Antwort", "1.234 Antworten"), ("de-AT", "1 Antwort", None)],
)
def test_numbers_choose_the_form_and_are_written_as_there(german, locale, one, many):
    with i18n.speaking(locale):
        assert i18n.ngettext("%(num)s reply", "%(num)s replies", 1) == one
        text = i18n.ngettext("%(num)s reply", "%(num)s replies", 1234)
        assert text == many or (many is None and text.endswith("234 Antworten"))


def test_a_sentence_without_a_translation_and_one_that_was_only_guessed_stay_english(german):
    assert i18n.translate("de", "Unknown") == "Unknown"
    assert i18n.translate("de", "Guess") == "Guess"
    assert i18n.translate("fr", "Hello, %(name)s!", name="Ada") == "Hello, Ada!"
    assert i18n.translate("../../etc", "Unknown") == "Unknown"
    assert i18n.translate("de", "") == ""


def test_a_percent_sign_is_only_a_sign_where_nothing_is_filled_in():
    assert i18n.gettext("100 % sure") == "100 % sure"


def test_a_refusal_says_its_sentence_with_its_facts(german):
    assert i18n.sentence("de", NotAllowed()) == "Das darfst du nicht."
    assert i18n.sentence("en", NotFound(post_id=1)) == NotFound.message()
    refusal = images.ImageTooHeavy(megabytes=20, most=16)
    assert i18n.sentence("en", refusal) == "This file is too large: 20 MB. At most 16 MB."
    refusal.facts.clear()
    assert "%(megabytes)s" in i18n.sentence("en", refusal)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", None),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB, en;q=0.9", "en"),
        ("fr, en;q=0.5, de;q=0.7", "de"),
        ("fr", None),
        ("*", "de"),
        ("fr, *;q=0.1", "de"),
        ("de;q=0, en", "en"),
        ("de;q=0", None),
        ("DE", "de"),
        ("deutsch", None),
        ("x;q=y, , ;;, en", "en"),
        ("a," * 100_000 + "de", None),
    ],
)
def test_the_browser_s_wishes_choose_the_language(header, language):
    assert i18n.negotiate(header, ("de", "en")) == language


def test_german_dates_numbers_and_distances():
    at = datetime(2026, 3, 24, 14, 5, tzinfo=UTC)
    with i18n.speaking("de"):
        assert i18n.day_and_clock(at) == "24.03.2026, 14:05"
        assert i18n.day(date(2026, 3, 24)) == "24.03.2026"
        assert i18n.number(1234.5) == "1.234,5"
        assert i18n.distance(at - timedelta(minutes=5), now=at) == "vor 5 Minuten"
        assert i18n.distance(at + timedelta(hours=2), now=at) == "in 2 Stunden"
        assert i18n.file_size(1_572_864) == "1,5\u00a0MB"
        assert i18n.file_size(12) == "12\u00a0B"


def test_templates_speak_the_language_and_escape_what_they_are_given(german):
    environment = jinja2.Environment(autoescape=True)
    i18n.install(environment)
    template = environment.from_string(
        '{{ _("Hello, %(name)s!", name=name) }} {{ ngettext("%(num)s reply", "%(num)s replies", 2000) }} '
        '{{ _("100 %") }}{% trans %}100 %{% endtrans %} <b>{{ _("<i>x</i>") }}</b>'
    )
    with i18n.speaking("de"):
        assert template.render(name="<script>") == ("Hallo, &lt;script&gt;! 2.000 Antworten 100 %100 % <b><i>x</i></b>")
        assert "Hallo, <b>Ada</b>!" in template.render(name=Markup("<b>Ada</b>"))


def test_extraction_finds_python_templates_and_refusals(tmp_path, monkeypatch):
    (tmp_path / "server" / "templates").mkdir(parents=True)
    (tmp_path / "models").mkdir()
    (tmp_path / "server" / "a.py").write_text(
        '_("Called")\nN_("Marked")\nngettext("%(num)s a", "%(num)s as", n)\n_(variable)\ntranslate(l, "Second")\n'
        '_("%(num)s a")\n'
    )
    (tmp_path / "server" / "templates" / "a.html").write_text(
        '{{ _("In a %(kind)s", kind=1) }}{% trans %}Tag{% endtrans %}'
    )
    (tmp_path / "models" / "errors.py").write_text(
        'class DomainError(Exception):\n    """Base."""\nclass B(DomainError):\n    """Refused.\n\n    More."""\n'
        'class Other:\n    """Not one."""\n'
    )
    (tmp_path / "models" / "more.py").write_text('import errors\nclass C(errors.B):\n    """Refused again."""\n')
    monkeypatch.setattr(extraction, "ROOT", tmp_path)

    assert set(extraction.extract()) == {
        "Called", "Marked", ("%(num)s a", "%(num)s as"), "Second", "In a %(kind)s", "Tag", "Base.", "Refused.",
        "Refused again.",
    }  # fmt: skip


def test_an_update_keeps_translations_adds_what_is_new_and_drops_what_is_unused(german, monkeypatch):
    now = {
        "Hello, %(name)s!": ["a.py"],
        "New": ["a.py"],
        "Guess": ["a.py"],
        ("%(num)s reply", "%(num)s replies"): ["a.py"],
    }
    monkeypatch.setattr(extraction, "extract", lambda: now)

    assert extraction.update("de") == (4, 2)
    once = german.read_text(encoding="utf-8")
    assert 'msgstr "Hallo, %(name)s!"' in once
    assert 'msgstr[1] "%(num)s Antworten"' in once
    assert "Das darfst du nicht" not in once
    assert "fuzzy" not in once
    assert extraction.update("de") == (4, 2)
    assert german.read_text(encoding="utf-8") == once
