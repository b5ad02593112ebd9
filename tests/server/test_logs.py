"""One event, one line; facts as fields; nothing secret (R-77)."""

import io
import json
import logging

import pytest
from aiohttp.web import RequestPayloadError

from server import logs


@pytest.fixture
def written():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_has_the_text_and_its_facts(written):
    logs.configure(stream=written)
    logging.getLogger("federation.delivery").info("delivery refused", extra={"host": "h.example", "why": "no room"})

    line = written.getvalue()
    assert line.endswith(
        'Z info federation.delivery "delivery refused" host=h.example why="no room"\n'.partition("Z")[2]
    )
    assert line.count("\n") == 1


def test_json_has_the_same_facts_with_their_types(written):
    logs.configure(style="json", stream=written)
    logging.getLogger("x").warning("slow", extra={"ms": 12, "ok": False, "path": "/ä"})

    event = json.loads(written.getvalue())
    assert event.pop("time").endswith("Z")
    assert event == {"level": "warning", "logger": "x", "event": "slow", "ms": 12, "ok": False, "path": "/ä"}


@pytest.mark.parametrize("style", ["text", "json"])
def test_R_77_secrets_handed_over_by_mistake_are_hidden(written, style):
    """L16: a log is read by more people than a post."""
    logs.configure(style=style, stream=written)
    extra = {"access_token": "s3cret", "Authorization": "s3cret", "request_body": "s3cret", "new_password": "s3cret"}
    logging.getLogger("x").error("failed", extra=extra)

    assert "s3cret" not in written.getvalue()
    assert written.getvalue().count("[hidden]") == 4


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_fact_with_line_ends_stays_one_line(written, style):
    logs.configure(style=style, stream=written)
    logging.getLogger("x").info("seen", extra={"agent": 'a\n2026-01-01 error "fake"\r\x1b[0m', "long": "y" * 5000})

    assert written.getvalue().count("\n") == 1
    assert "\x1b" not in written.getvalue()
    assert len(written.getvalue()) < 1000


def test_the_level_is_the_least_important_that_is_written(written):
    logs.configure(level="warning", stream=written)
    logging.getLogger("x").info("unseen")
    assert written.getvalue() == ""


def test_an_exception_comes_with_its_traceback(written):
    logs.configure(style="json", stream=written)
    try:
        raise ValueError("inside")
    except ValueError:
        logging.getLogger("x").exception("broken")
    assert "ValueError: inside" in json.loads(written.getvalue())["exception"]


def test_a_body_that_cannot_be_decoded_is_one_line_and_no_fault_of_ours(written):
    logs.configure(stream=written)
    server = logging.getLogger("aiohttp.server")
    server.error("Unhandled exception", exc_info=RequestPayloadError("not gzip"))
    server.error("Unhandled exception", exc_info=ValueError("ours"))

    theirs, ours, *trace = written.getvalue().splitlines()
    assert theirs.partition("Z ")[2] == 'info aiohttp.server "a request\'s body could not be decoded"'
    assert ours.partition("Z ")[2].startswith("error aiohttp.server")
    assert trace[-1] == "ValueError: ours"
