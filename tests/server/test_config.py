"""instance.toml: what is read from it, and that every fault is named with its place and its fix."""

# ruff: noqa: E501

import base64
import ipaddress
import os
import stat
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from server.config import KEY_BYTES, Config, ConfigError, example, new_key, rendered, write_key
from server.config.schema import TABLES

KEY = base64.b64encode(bytes(range(KEY_BYTES))).decode()
BEGIN = '[instance]\nname = "Muster Werke"\nurl = "https://social.muster.example"\n'
SECRET = f'[secrets]\nkey = "{KEY}"\n'


def _config(text: str) -> Config:
    return Config.parse(text, path=Path("/etc/kontor/instance.toml"))


def _findings(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        _config(text)
    return [str(finding) for finding in refused.value.findings]


def test_name_address_and_key_are_enough_and_the_rest_has_defaults():
    config = _config(BEGIN + SECRET)

    assert (config.host, config.base_url, config.is_https) == (
        "social.muster.example",
        "https://social.muster.example",
        True,
    )
    assert config.secret_key == bytes(range(KEY_BYTES))
    assert config.federation.mode == "partners"
    assert config.federation.fetch == "signed"
    assert config.posts.public == "company"
    assert config.database_url == "sqlite+aiosqlite:////etc/kontor/kontor.sqlite3"
    assert config.media_directory == Path("/etc/kontor/media")
    assert not config.is_insecure_host("muster.localhost")
    assert config.private_networks == ()


def test_values_given_replace_the_defaults():
    config = _config(
        BEGIN.replace("https://social.muster.example", "http://Muster.localhost:8001/")
        + SECRET
        + '[server]\ntrusted_proxies = ["10.0.0.5"]\n'
        + '[database]\nurl = "postgresql+asyncpg://kontor:x@db/kontor"\n'
        + '[development]\ninsecure_hosts = ["*.localhost", "127.*"]\nprivate_networks = ["127.0.0.0/8"]\n'
        + '[federation]\nmode = "open"\nmax_body = 2_000_000\n'
    )
    assert config.base_url == "http://muster.localhost:8001"
    assert config.host == "muster.localhost:8001"
    assert not config.is_https
    assert config.database_url == "postgresql+asyncpg://kontor:x@db/kontor"
    assert config.trusted_proxies == (ipaddress.ip_network("10.0.0.5/32"),)
    assert config.private_networks == (ipaddress.ip_network("127.0.0.0/8"),)
    assert config.federation.max_body == 2_000_000


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("muster.localhost", True), ("MUSTER.localhost.", True), ("localhost:8001", True), ("a.b.localhost:1", True),
     ("127.0.0.1", True), ("127.8.9.1:80", True), ("127.0.0.1.evil.example", False), ("localhost.evil.example", False),
     ("evillocalhost", False), ("128.0.0.1", False), ("muster.example", False), ("lab.example", True)],
)  # fmt: skip
def test_plain_http_is_for_the_hosts_that_were_named(host, allowed):
    development = '[development]\ninsecure_hosts = ["*.localhost", "127.*", "lab.example"]\n'
    assert _config(BEGIN + SECRET + development).is_insecure_host(host) is allowed


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (BEGIN + SECRET + "[server]\nprot = 1\n", 'instance.toml:7 [server] prot: Unknown key "prot". Did you mean "port"?'),
        (BEGIN + SECRET + "[server]\nmax_pixels = 1\n", 'instance.toml:7 [server] max_pixels: Unknown key "max_pixels". It belongs under [media].'),
        (BEGIN + SECRET + "[sever]\nport = 1\n", "instance.toml:6 [sever]: Unknown table [sever]. Did you mean [server]?"),
        ("port = 1\n" + BEGIN + SECRET, 'instance.toml:1 port: Unknown key "port" outside any table. It belongs under [server].'),
        ("server = 1\n" + BEGIN + SECRET, "instance.toml:1 server: This is a table. Write [server] and its keys below."),
        (BEGIN + SECRET + '[server]\nport = "8000"\n', 'instance.toml:7 [server] port: Expected a whole number, found the text "8000". For example: port = 8000'),
        (BEGIN + SECRET + "[server]\nport = true\n", "instance.toml:7 [server] port: Expected a whole number, found true. For example: port = 8000"),
        (BEGIN + SECRET + "[server]\nport = 80000\n", "instance.toml:7 [server] port: 80000 is no port. Ports end at 65535."),
        (BEGIN + SECRET + "[server]\nworkers = 0\n", "instance.toml:7 [server] workers: 0 is too small. Write 1 or more."),
        (BEGIN + SECRET + "[server]\nworkers = 2\n", "instance.toml:7 [server] workers: SQLite serves one web process. Use PostgreSQL, or workers = 1."),
        (BEGIN + SECRET + '[federation]\nmode = "all"\n', 'instance.toml:7 [federation] mode: Expected "partners" or "open", found the text "all". For example: mode = "partners"'),
        (BEGIN + SECRET + "[development]\ninsecure_hosts = [1]\n", 'instance.toml:7 [development] insecure_hosts: Expected a list of texts, found a list. For example: insecure_hosts = ["*.localhost"]'),
        (BEGIN + SECRET + '[development]\ninsecure_hosts = ["*"]\n', 'instance.toml:7 [development] insecure_hosts: "*": A pattern may only be *.localhost or 127.*. Name each host in full.'),
        (BEGIN + SECRET + '[development]\nprivate_networks = ["0.0.0.0/0"]\n', 'instance.toml:7 [development] private_networks: "0.0.0.0/0": This is no private network. For example "127.0.0.0/8".'),
        (BEGIN + SECRET + '[development]\nprivate_networks = ["x"]\n', 'instance.toml:7 [development] private_networks: "x": This is no network. For example "127.0.0.0/8".'),
        (BEGIN + SECRET + '[database]\nurl = "mysql://x/y"\n', "instance.toml:7 [database] url: This database cannot be used. Write sqlite:///kontor.sqlite3 or postgresql+asyncpg://user:password@host/database."),
        (BEGIN + SECRET + '[server]\ntrusted_proxies = ["proxy"]\n', 'instance.toml:7 [server] trusted_proxies: "proxy" is no address. Write addresses or networks: ["127.0.0.1", "10.0.0.0/24"].'),
        (BEGIN + 'time_zone = "Europa/Berlin"\n' + SECRET, 'instance.toml:4 [instance] time_zone: There is no time zone "Europa/Berlin". Europe/Berlin is one.'),
        (BEGIN + 'languages = ["fr"]\n' + SECRET, "instance.toml:4 [instance] languages: There are no texts in fr. Choose from de, en."),
        (BEGIN + 'languages = ["en"]\n' + SECRET, "instance.toml:1 [instance] default_language: It is not among the languages. Choose from en."),
        ('[instance]\nurl = "https://a.example"\n' + SECRET, 'instance.toml:1 [instance] name: This key is missing. Write under [instance]: name = "Muster Werke"'),
        (BEGIN + '[secrets]\nkey = "short"\n', None),
        (BEGIN + '[secrets]\nkey = "QUJD"\n', None),
        (BEGIN + SECRET + 'key_file = "x"\n', "instance.toml:4 [secrets]: Both key and key_file are given. Leave one of them out."),
        ("[instance\n", None),
        ("[instance]\nname = Muster\n", None),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place_and_its_fix(text, finding):
    found = _findings(text)

    assert len(found) == 1
    assert found[0].startswith("instance.toml:")
    if finding:
        assert found[0] == finding


@pytest.mark.parametrize(
    "url",
    ["muster.example", "ftp://muster.example", "https://", "https://a.example/kontor", "https://a@b.example", "https://a b",
     "http://muster.example", "https://bücher.example", "https://a.example:99999", "https://a.example?x", "https://[::1"],
)  # fmt: skip
def test_an_address_that_cannot_be_ours_is_refused(url):
    [finding] = _findings(f'[instance]\nname = "M"\nurl = "{url}"\n' + SECRET)
    assert finding.startswith("instance.toml:3 [instance] url: ")


def test_every_fault_is_reported_at_once():
    found = _findings('[instance]\nnmae = "M"\n[server]\nport = "x"\n[secrets]\nkey = "x"\n')
    assert [part.split(":")[1].split(" ", 1)[1] for part in found] == [
        "[instance] nmae",
        "[instance] name",
        "[instance] url",
        "[server] port",
        "[secrets] key",
    ]


def test_a_missing_secret_shows_the_line_to_write_and_that_line_works():
    [finding] = _findings(BEGIN)
    line = finding.partition("Write under [secrets]: ")[2]
    assert len(_config(BEGIN + "[secrets]\n" + line).secret_key) == KEY_BYTES


def test_the_key_file_lies_beside_the_configuration_and_only_its_owner_reads_it(tmp_path):
    key_file = tmp_path / "kontor.key"
    write_key(key_file)
    (tmp_path / "instance.toml").write_text(BEGIN + '[secrets]\nkey_file = "kontor.key"\n')

    config = Config.load(tmp_path / "instance.toml")
    assert config.secret_key == base64.b64decode(key_file.read_text())
    assert stat.S_IMODE(os.stat(key_file).st_mode) == 0o600  # noqa: PTH116
    with pytest.raises(FileExistsError):
        write_key(key_file)
    key_file.unlink()
    with pytest.raises(ConfigError, match=r"kontor\.key cannot be read"):
        Config.load(tmp_path / "instance.toml")


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="kontor init --config"):
        Config.load(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "instance.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        Config.load(tmp_path / "instance.toml")


def test_keys_differ():
    assert new_key() != new_key()


def test_a_rendered_configuration_is_read_back_whatever_is_in_it():
    name = 'Müller "& Söhne" \\ #1\n[x]'
    text = rendered(
        {
            "instance": {"name": name, "url": "https://a.example"},
            "secrets": {"key": KEY},
            "media": {"max_attachments": 7},
        }
    )
    config = _config(text)
    assert config.instance.name == name
    assert config.media.max_attachments == 7
    with pytest.raises(KeyError):
        rendered({"media": {"unknown": 1}})


def test_the_example_explains_every_key_and_is_valid_with_all_of_them_set():
    text = example()
    for schema in TABLES.values():
        for key in fields(schema):
            assert f"{key.name} = " in text
            assert len(key.metadata["doc"]) > 10
    uncommented = "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())
    uncommented = uncommented.replace('key = ""\n', "")
    document = tomllib.loads(uncommented)
    assert set(document) == set(TABLES)
    assert [str(finding) for finding in _read(uncommented)] == []


def _read(text: str):
    try:
        _config(text)
    except ConfigError as error:
        return [finding for finding in error.findings if "kontor.key" not in finding.problem]
    return []
