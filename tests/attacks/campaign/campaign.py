"""The targets of the campaign by name, and the attack on one target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import uvloop
from starlette.routing import Mount, Route

from server.routes import routes
from tests.attacks.campaign.attacked_server import AttackedServer
from tests.attacks.campaign.case import Case
from tests.attacks.campaign.figures import Figures
from tests.attacks.campaign.http_cases import BESIDE, LAST, address_cases, http_cases, operations
from tests.attacks.campaign.patch_cases import patch_cases, tags
from tests.attacks.campaign.verdict import violations
from tests.attacks.campaign.yjs_cases import kinds, yjs_cases

CROWD = 20
Judge = Callable[[Case, int, Figures], list[str]]


def targets() -> dict[str, Callable[[], Iterator[Case]]]:
    """Return a function for each target that makes its cases. Deleting targets come last."""
    found: dict[str, Callable[[], Iterator[Case]]] = {}
    described = operations()
    for name in (name for name in described if name not in LAST):
        found[f"http {name}"] = partial(http_cases, name)
    for route in BESIDE:
        found[f"http {route}"] = partial(address_cases, route)
    for tag in tags():
        found[f"patch {tag}"] = partial(patch_cases, tag)
    for kind in kinds():
        found[f"yjs {kind}"] = partial(yjs_cases, kind)
    for name in (name for name in LAST if name in described):
        found[f"http {name}"] = partial(http_cases, name)
    return found


def addresses() -> set[str]:
    """Return every HTTP address of the server."""
    return {
        route.path
        for route in routes()
        if isinstance(route, Mount | Route)  # the other routes are sockets
    }


def attack(server: AttackedServer, name: str, judge: Judge = violations) -> list[str]:
    """Run every case alone and 20 at once; run the largest cases without a token too.

    The clients run in uvloop. A transport of asyncio cannot abort after it has closed itself behind
    its last write, and websockets aborts such transports.
    """
    found: list[str] = []
    cases = list(targets()[name]())
    for case in cases:
        for clients in (1, min(CROWD, case.most_at_once)):
            found += judge(case, clients, uvloop.run(server.run(case, clients)))
    for case in strangers(cases):
        clients = min(CROWD, case.most_at_once)
        figures = uvloop.run(server.run(case, clients, with_token=False))
        found += judge(case, clients, figures)
    return found


def strangers(cases: list[Case]) -> list[Case]:
    """One case of each dimension: a client without a token must be refused before any work."""
    return list({case.dimension: case for case in cases if case.level != "above"}.values())
