"""Ports for the servers of tests."""

from __future__ import annotations

from tests.running import free_port


def test_a_port_is_given_once_and_never_one_that_the_system_gives_away() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert 10_000 <= min(ports) <= max(ports) < 32_768
