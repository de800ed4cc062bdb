"""Origins: forty that are refused, and the few that are allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.origins import LOGGED_EVERY, LONGEST_LOGGED, MOST_LOGGED, Origins
from tests.manual_clock import ManualClock

LISTED = Origins(["https://app.example.com", "http://127.0.0.1:3000", "https://Shop.example:443"])
HOST = "app.example.com"

FOREIGN = [
    "null",
    "NULL",
    "",
    " ",
    "*",
    "https://",
    "https",
    "app.example.com",
    "//app.example.com",
    "http://app.example.com:443",
    "https://app.example.com:80",
    "https://app.example.com:8443",
    "https://app.example.com:",
    "https://app.example.com:0443",
    "https://app.example.com.",
    "https://app.example.com/",
    "https://app.example.com/x",
    "https://app.example.com?x",
    "https://app.example.com#x",
    "https://app.example.com\\.evil.example",
    "https://app.example.com.evil.example",
    "https://evil-app.example.com",
    "https://evilapp.example.com",
    "https://app.example.comevil",
    "https://app-example.com",
    "https://appxexample.com",
    "https://example.com",
    "https://evil.example",
    "https://evil.example/app.example.com",
    "https://evil.example?https://app.example.com",
    "https://evil.example#https://app.example.com",
    "https://app.example.com@evil.example",
    "https://user@app.example.com",
    "https://user:password@app.example.com",
    "HTTPS://APP.EXAMPLE.COM",
    "https://App.example.com",
    "wss://app.example.com",
    "file://app.example.com",
    "chrome-extension://app.example.com",
    "data:text/html,https://app.example.com",
    "blob:https://app.example.com/1",
    "https://аpp.example.com",  # a Cyrillic а
    "https://app.example。com",  # an ideographic full stop
    "https://app\u00ad.example.com",
    "https://app.example.com\x00",
    "https://app.example.com\t",
    " https://app.example.com",
    "https://app.example.com https://evil.example",
    "https://app.example.com,https://evil.example",
    "https://app.example.com, null",
    "https://%61pp.example.com",
    "https:/app.example.com",
    "https:///app.example.com",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_is_refused_by_the_list(origin: str) -> None:
    assert not LISTED.allows([origin], ["weft.example"])


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_is_not_the_servers_own(origin: str) -> None:
    assert not Origins().allows([origin], [HOST])


@pytest.mark.parametrize(
    "origin", ["https://app.example.com", "http://127.0.0.1:3000", "https://shop.example"]
)
def test_a_listed_origin_is_admitted(origin: str) -> None:
    assert LISTED.allows([origin], ["weft.example"])


@pytest.mark.parametrize("hosts", [[], ["weft.example"], ["a", "b"]])
def test_a_request_without_an_origin_is_allowed(hosts: list[str]) -> None:
    assert LISTED.allows([], hosts)
    assert Origins().allows([], hosts)


def test_the_servers_own_origin_is_allowed_beside_a_list() -> None:
    assert LISTED.allows(["https://weft.example"], ["weft.example"])
    assert not LISTED.allows(["https://weft.example"], ["127.0.0.1:8080"])


def test_the_public_url_is_an_own_origin_behind_a_proxy() -> None:
    origins = Origins((), "https://Weft.example:443")
    assert origins.allows(["https://weft.example"], ["127.0.0.1:8080"])
    assert not origins.allows(["http://weft.example"], ["127.0.0.1:8080"])


def test_a_list_is_exact_about_the_scheme() -> None:
    assert not LISTED.allows(["http://app.example.com"], ["weft.example"])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://localhost:8080", "localhost:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("https://app.example.com", "app.example.com"),
        ("https://app.example.com", "App.Example.com"),
        ("https://app.example.com", "app.example.com:443"),
        ("http://app.example.com", "app.example.com:80"),
        ("https://xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_without_a_list_the_servers_own_origin_is_admitted(origin: str, host: str) -> None:
    assert Origins().allows([origin], [host])


@pytest.mark.parametrize(
    ("origin", "hosts"),
    [
        ("http://127.0.0.1:8081", ["127.0.0.1:8080"]),
        ("http://localhost:8080", ["127.0.0.1:8080"]),
        ("http://127.0.0.1", ["127.0.0.1:8080"]),
        ("http://a", []),
        ("http://a", ["a", "a"]),
        ("http://", [""]),
        ("http://null", ["null "]),
        ("http://a@b", ["a@b"]),
        ("http://a/b", ["a/b"]),
        ("http://a,http://b", ["a,http://b"]),
        ("http://a:0", ["a:0"]),
        ("http://a:99999999", ["a:99999999"]),
    ],
)
def test_an_origin_other_than_the_host_is_refused(origin: str, hosts: list[str]) -> None:
    assert not Origins().allows([origin], hosts)


def test_two_origin_headers_are_refused_even_if_listed() -> None:
    assert not LISTED.allows(["https://app.example.com"] * 2, [HOST])


def test_headers_are_read_whatever_their_case() -> None:
    own = [(b"Host", b"a.example"), (b"ORIGIN", b"https://a.example")]
    assert Origins().allows_request(own)
    assert not Origins().allows_request([*own, (b"origin", b"https://b.example")])
    assert not Origins().allows_request([(b"origin", b"https://\xe0pp.example.com")])
    assert Origins().allows_request([(b"host", b"a.example")])


def named(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(record.args[0]) for record in caplog.records if isinstance(record.args, tuple)]


def test_a_refused_origin_is_logged_by_name_once_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock()
    origins = Origins(clock=clock)
    asked = [(b"origin", b"https://b.example"), (b"host", b"a.example")]
    for _ in range(3):
        assert not origins.allows_request(asked)
        clock.advance(LOGGED_EVERY / 4)
    assert not origins.allows_request([(b"origin", b"https://c.example")])
    assert named(caplog) == ["https://b.example", "https://c.example"]
    clock.advance(LOGGED_EVERY / 4)
    assert not origins.allows_request(asked)
    assert named(caplog) == ["https://b.example", "https://c.example", "https://b.example"]


def test_invented_origins_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    origins = Origins(clock=clock)
    for number in range(3 * MOST_LOGGED):
        origins.allows_request([(b"origin", b"https://%d.example" % number)])
    assert len(named(caplog)) == MOST_LOGGED
    clock.advance(LOGGED_EVERY)
    origins.allows_request([(b"origin", b"x" * 10_000)])
    assert named(caplog)[-1] == "x" * LONGEST_LOGGED


@given(st.text(max_size=40))
def test_only_listed_origins_are_allowed(origin: str) -> None:
    assert not LISTED.allows([origin], [HOST])
