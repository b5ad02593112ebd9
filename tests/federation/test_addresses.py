from ipaddress import ip_network

import pytest

from federation.addresses import AddressRules

STRICT = AddressRules()
DEVELOPMENT = AddressRules(
    insecure_hosts=("*.localhost", "peer.test:8002"), allowed_networks=(ip_network("127.0.0.0/8"),)
)

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "0:0:0:0:0:ffff:7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808",
    "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
    "2606:4700::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "4000::1", "", "a.example", "127.1", "0x7f.0.0.1",
    "2130706433", "127.0.0.1:443", "[::1]",
]  # fmt: skip

PERMITTED = ["1.1.1.1", "8.8.8.8", "9.9.9.9", "193.0.6.139", "100.128.0.1", "172.32.0.1", "2606:4700:4700::1111",
             "2001:4860:4860::8888", "2a00:1450:4001::1", "::ffff:8.8.8.8"]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED, ids=repr)
def test_R_30_an_address_that_is_not_globally_routable_is_refused(address):
    assert STRICT.permits(address) is False


@pytest.mark.parametrize("address", PERMITTED)
def test_R_30_a_global_address_is_permitted(address):
    assert STRICT.permits(address) is True


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::ffff:127.0.0.1", True),
        ("::1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("64:ff9b::7f00:1", False),
        ("8.8.8.8", True),
    ],
)
def test_R_30_an_opened_network_opens_nothing_else(address, permitted):
    assert DEVELOPMENT.permits(address) is permitted


def test_R_30_an_opened_nat64_prefix_still_looks_inside():
    rules = AddressRules(allowed_networks=(ip_network("64:ff9b::/96"),))

    assert rules.permits("64:ff9b::808:808") is True
    assert rules.permits("64:ff9b::7f00:1") is False
    assert AddressRules(allowed_networks=(ip_network("::1/128"),)).permits("::1") is True


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "https://a.example:8443/",
        "https://a.example:22/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://①②⑦.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://intranet/",
        "https://user@a.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "",
    ],
)
def test_HTTP_5_a_url_that_must_not_be_asked_is_refused_before_any_name_is_resolved(url):
    assert STRICT.permits_url(url) is False


@pytest.mark.parametrize(
    "url", ["https://a.example/", "https://a.example:443/x", "https://8.8.8.8/", "https://[2606:4700::1]/"]
)
def test_HTTP_5_an_ordinary_url_is_permitted(url):
    assert STRICT.permits_url(url) is True


@pytest.mark.parametrize(
    ("url", "permitted"),
    [
        ("http://a.localhost:8001/", True),
        ("https://a.localhost:9999/", True),
        ("http://peer.test:8002/", True),
        ("http://peer.test:8003/", False),
        ("https://peer.test:8003/", False),
        ("http://127.0.0.1:8001/", False),
        ("https://127.0.0.1/", True),
        ("https://127.0.0.1:8001/", False),
        ("https://localhost/", True),
        ("https://other.internal/", False),
        ("https://a.example/", True),
        ("http://a.example/", False),
    ],
)
def test_HTTP_5_the_development_setting_opens_exactly_what_it_names(url, permitted):
    assert DEVELOPMENT.permits_url(url) is permitted


def test_only_permitted_localhost_names_are_this_machine():
    assert DEVELOPMENT.resolves_to_loopback("a.localhost", 8001) is True
    assert DEVELOPMENT.resolves_to_loopback("peer.test", 8002) is False
    assert STRICT.resolves_to_loopback("a.localhost", 8001) is False
    assert AddressRules(insecure_hosts=("localhost",)).resolves_to_loopback("localhost", 80) is True


def test_another_port_is_open_when_the_configuration_says_so():
    assert AddressRules(ports=frozenset({443, 8443})).permits_url("https://a.example:8443/") is True
