"""Guest tokens are limited for each address, and idle addresses are dropped."""

from __future__ import annotations

import pytest

from collab.errors import Rejected
from server.access.guests import BURST, PER_SECOND, GuestTokenLimit, is_own_host
from tests.manual_clock import ManualClock


def taken(limit: GuestTokenLimit, address: str) -> int:
    """Return how many tokens the address gets now."""
    for count in range(10 * BURST):
        try:
            limit.charge(address)
        except Rejected:
            return count
    raise AssertionError("there is no limit")


def test_each_address_has_a_budget_that_refills() -> None:
    clock = ManualClock()
    limit = GuestTokenLimit(clock)
    assert [taken(limit, "10.0.0.1"), taken(limit, "10.0.0.2")] == [BURST, BURST]
    clock.advance(3 / PER_SECOND)
    assert [taken(limit, "10.0.0.1"), taken(limit, "10.0.0.1")] == [3, 0]


def test_one_ipv6_network_counts_as_one_address() -> None:
    limit = GuestTokenLimit(ManualClock())
    assert taken(limit, "2001:db8::1") == BURST
    assert taken(limit, "2001:db8::2") == 0
    assert taken(limit, "2001:db8:0:1::2") == BURST


def test_an_address_is_forgotten_when_its_budget_is_full() -> None:
    clock = ManualClock()
    limit = GuestTokenLimit(clock)
    limit.charge("10.0.0.1")
    limit.forget(clock.monotonic())
    assert len(limit) == 1
    clock.advance(1 / PER_SECOND)
    limit.forget(clock.monotonic())
    assert len(limit) == 0


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:80", "127.0.0.1", "192.168.1.9:8080", "[::1]", "[fe80::1]:8080"],
)
def test_localhost_and_ip_addresses_are_own_hosts(host: str) -> None:
    assert is_own_host(host, "")


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":8080",
        "weft.example",
        "localhost.example",
        "127.0.0.1.example",
        "1.2.3",
        "0x7f.1",
        "[::1",
        "[v1.x]",
        "a@localhost.example",
    ],
)
def test_other_host_names_are_not_own(host: str) -> None:
    assert not is_own_host(host, "")
    assert not is_own_host(host, "https://demo.example")


def test_the_host_of_the_public_url_is_own() -> None:
    assert is_own_host("Demo.example", "https://demo.example")
    assert is_own_host("demo.example:8080", "https://demo.example:443")
    assert not is_own_host("other.example", "https://demo.example")
