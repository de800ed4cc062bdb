"""Every address of the server."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from server.http import (
    audit,
    documents,
    exports,
    guests,
    health,
    history,
    listing,
    locks,
    metrics,
    pictures,
    presence,
    publishing,
    reference,
    reverts,
    schemas,
    static,
    status,
)
from server.http1.head import has_encoded_slash
from server.lanes import endpoints as sockets


class EncodedSlash(BaseRoute):
    """Answers 404 for a path with a percent-encoded slash, over HTTP or a WebSocket."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if has_encoded_slash(scope) else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raise HTTPException(404)
        await sockets.nowhere(WebSocket(scope, receive, send))


def routes() -> list[BaseRoute]:
    doc = "/v1/docs/{doc}"
    return [
        EncodedSlash(),
        Route("/", status.go_to_page),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/openapi.json", reference.get_description),
        Route("/docs", reference.get_page),
        Route("/metrics", metrics.get_metrics),
        Route("/status", status.get_status_page),
        Route("/status.json", status.get_status),
        Mount("/static", static.shelf()),
        Route("/favicon.ico", static.get_icon),
        Route("/demo/{name}.svg", pictures.get_picture),
        Route("/v1/demo/token", guests.make_guest, methods=["POST"]),
        Route("/v1/docs", listing.list_documents),
        Route(doc, documents.get_document, methods=["GET"]),
        Route(doc, documents.put_document, methods=["PUT"]),
        Route(doc, documents.patch_document, methods=["PATCH"]),
        Route(doc, documents.delete_document, methods=["DELETE"]),
        Route(f"{doc}/undo", reverts.undo, methods=["POST"]),
        Route(f"{doc}/redo", reverts.redo, methods=["POST"]),
        Route(f"{doc}/audit", audit.list_audit, methods=["GET"]),
        Route(f"{doc}/presence", presence.list_present, methods=["GET"]),
        Route(f"{doc}/locks", locks.list_locks, methods=["GET"]),
        Route(f"{doc}/locks", locks.acquire, methods=["POST"]),
        Route(f"{doc}/locks/{{lock}}/renew", locks.renew, methods=["POST"]),
        Route(f"{doc}/locks/{{lock}}/release", locks.release, methods=["POST"]),
        Route(f"{doc}/locks/{{lock}}/take-over", locks.take_over, methods=["POST"]),
        Route(f"{doc}/locks/{{lock}}/keep", locks.keep, methods=["POST"]),
        Route(f"{doc}/schema", schemas.get_schema, methods=["GET"]),
        Route(f"{doc}/schema", schemas.put_schema, methods=["PUT"]),
        Route(f"{doc}/schema", schemas.delete_schema, methods=["DELETE"]),
        Route(f"{doc}/versions", history.list_versions, methods=["GET"]),
        Route(f"{doc}/versions", history.name_version, methods=["POST"]),
        Route(f"{doc}/versions/{{version}}", history.get_version),
        Route(f"{doc}/diff", history.get_diff),
        Route(f"{doc}/restore", history.restore, methods=["POST"]),
        Route(f"{doc}/publish", publishing.get_standing, methods=["GET"]),
        Route(f"{doc}/publish", publishing.publish, methods=["POST"]),
        Route(f"{doc}/publish", publishing.take_down, methods=["DELETE"]),
        Route("/v1/published/{tenant}/{doc}", publishing.get_published),
        Route("/p/{tenant}/{doc}", publishing.get_page),
        Route("/p/{tenant}/{doc}/{page}", publishing.get_page),
        Route(f"{doc}/export", exports.export_document),
        Route(f"{doc}/import", history.import_document, methods=["POST"]),
        WebSocketRoute(f"{doc}/live", sockets.patch_lane),
        WebSocketRoute("/v1/yjs/{doc}", sockets.yjs_lane),
        WebSocketRoute("/{path:path}", sockets.nowhere),
    ]
