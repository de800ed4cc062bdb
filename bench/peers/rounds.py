"""Runs scenarios in paired rounds: in each round, every server runs once, in turn."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any

from bench.load_generator import generator
from bench.peers import figures
from bench.peers.figures import Round
from bench.peers.scenarios import Scenario
from bench.peers.servers import SERVERS, WEFT, Server, why_missing
from bench.served import apart

ROUNDS = 3


@cache
def reason(server: Server) -> str:
    """Say once why a server is left out."""
    missing = why_missing(server)
    if missing:
        print(f"{server.title} is left out: {missing}", file=sys.stderr)
    return missing


def present(servers: Iterable[Server]) -> list[Server]:
    return [server for server in servers if not reason(server)]


def run_once(scenario: Scenario, server: Server, core: int | None) -> Round:
    """Run a scenario. When the machine has delayed the load generator, run it once more."""
    found = _run(scenario, server, core)
    return _run(scenario, server, core) if generator.WAS_LATE in found.refused else found


def _run(scenario: Scenario, server: Server, core: int | None) -> Round:
    """Start a server, let the load generator run the scenario, and stop the server."""
    try:
        with server.start(core) as running:
            result = generator.run(scenario.plan(server, running))
    except (RuntimeError, OSError) as failure:
        return figures.failed(f"{failure}"[:300] or "it failed")
    return figures.of(result, scenario.rate)


def run(scenario: Scenario, servers: list[Server], rounds: int) -> dict[str, list[Round]]:
    """Return the rounds of each server. Each round begins with another server."""
    for server in servers:
        scenario.edits(server)  # made before the first server runs
    found: dict[str, list[Round]] = {server.name: [] for server in servers}
    with apart() as core:
        for number in range(rounds):
            start = number % len(servers)
            for server in servers[start:] + servers[:start]:
                found[server.name].append(run_once(scenario, server, core))
    return found


def rows(
    group: str,
    scenarios: Iterable[Scenario],
    rounds: int = ROUNDS,
    only: Collection[Server] = SERVERS,
) -> Iterator[dict[str, Any]]:
    """Yield a row for each scenario and server. A row of Weft has its ratios to the best peer."""
    for scenario in scenarios:
        servers = present(server for server in scenario.servers if server in only)
        found = run(scenario, servers, rounds)
        figure = "rate" if scenario.is_saturated else "cpu"
        for server in servers:
            each = {
                "group": group,
                "scenario": scenario.name,
                "about": scenario.sentence,
                "server": server.name,
                "version": server.find_version(),
                **figures.row(found[server.name]),
            }
            if server is WEFT:
                each |= ratios(found, figure)
            yield each


def ratios(found: dict[str, list[Round]], figure: str) -> dict[str, Any]:
    """Return Weft's ratio to the best peer, and its p99 compared with the best p99."""
    compared: dict[str, Any] = {}
    for name, title in ((figure, "ratio"), ("p99", "p99 ratio")):
        peer = figures.best_peer(found, name, WEFT.name)
        if peer:
            compared[title] = figures.ratio(found[WEFT.name], found[peer], name)
            compared[f"{title} to"] = peer
    return compared
