"""The WebSocket endpoints: check the origin, upgrade, and start a connection."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.websockets import WebSocket

from collab.errors import Code, Refusal
from server.access.authentication import client_name
from server.access.tokens import token_in_header, token_in_query, token_in_subprotocols
from server.broadcast.close_reasons import RESTARTING
from server.handling.problem import problem
from server.lanes.opening import PatchOpening, YjsOpening
from server.services import Services
from server.websocket.socket import Handler, take_over

SUBPROTOCOL = "weft.v1"
CROWDED = Refusal(
    Code.RATE_LIMITED,
    "too many connections of this IP address wait for their admission; try again",
    {"retry_after_ms": 1000},
)


async def patch_lane(websocket: WebSocket) -> None:
    """Serve `/v1/docs/{doc}/live`."""
    token = token_in_subprotocols(websocket.scope["subprotocols"]) or token_in_header(
        websocket.headers.get("authorization")
    )
    await _serve(websocket, partial(PatchOpening, token=token))


async def yjs_lane(websocket: WebSocket) -> None:
    """Serve `/v1/yjs/{doc}`. Most Yjs clients can send a token only in the query."""
    token = (
        token_in_query(websocket.scope["query_string"])
        or token_in_subprotocols(websocket.scope["subprotocols"])
        or token_in_header(websocket.headers.get("authorization"))
    )
    client = client_name(websocket.query_params.get("client", ""))
    await _serve(websocket, partial(YjsOpening, token=token, client_name=client))


async def not_found(websocket: WebSocket) -> None:
    """Refuse every other path with 404. Starlette's own 403 would look like a refused Origin."""
    await _deny(websocket, Refusal(Code.NOT_FOUND, "no WebSocket endpoint has this path"))


async def _serve(websocket: WebSocket, opening: Callable[..., Handler]) -> None:
    """Admit the socket, and give it to an opening of its lane."""
    services = _services(websocket)
    if not services.origins.allows_request(websocket.scope["headers"]):
        # This refusal comes before the upgrade, so the browser gives the page no reason for it.
        await _deny(websocket, Refusal(Code.FORBIDDEN, "this Origin is not in WEFT_ORIGINS"))
        return
    if services.hub.draining:
        await _deny(websocket, RESTARTING)
        return
    host = websocket.client.host if websocket.client else ""
    release = await services.connection_limit.acquire(host)
    if release is None:
        await _deny(websocket, CROWDED, status=503)
        return
    doc = websocket.path_params["doc"]
    try:
        offered = websocket.scope["subprotocols"]
        await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        take_over(websocket, lambda socket: opening(services, doc, release, socket=socket))
    except BaseException:  # also when the handshake is cancelled
        release()
        raise


async def _deny(websocket: WebSocket, refusal: Refusal, *, status: int | None = None) -> None:
    _services(websocket).recorder.metrics.refuse("http", refusal.code)
    await websocket.receive()  # Starlette requires that we first read the connect event
    await websocket.send_denial_response(problem(refusal, status=status))


def _services(websocket: WebSocket) -> Services:
    services: Services = websocket.app.state.services
    return services
