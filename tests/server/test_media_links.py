"""Links that open a file for whoever holds them, as the wire hands them out (GRP-16)."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from server.app import house
from server.config import Config, new_key
from server.links import Links

CONFIG = f"""
[instance]
name = "Muster"
url = "https://muster.example"
[secrets]
key = "{new_key()}"
"""


def test_GRP_16_a_link_that_the_wire_gives_away_opens_that_file_and_no_other():
    config = Config.parse(CONFIG, path=Path("/etc/kontor/instance.toml"))
    given = urlsplit(house(config).open_url("/media/ab/gear.png"))
    query = dict(parse_qsl(given.query))

    assert (given.scheme, given.netloc, given.path) == ("https", "muster.example", "/media/ab/gear.png")
    links = Links(config)
    assert links.holds(given.path, query)
    assert not links.holds("/media/ab/other.png", query)
    assert not links.holds(given.path, query, at=float(query["until"]))
