"""Every address of the server."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route, WebSocketRoute

from server import sockets
from server.http import documents, health, pictures


def routes() -> list[BaseRoute]:
    doc = "/v1/docs/{doc}"
    return [
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/demo/{name}.svg", pictures.get_picture),
        Route("/v1/docs", documents.list_documents),
        Route(doc, documents.get_document, methods=["GET"]),
        Route(doc, documents.put_document, methods=["PUT"]),
        Route(doc, documents.patch_document, methods=["PATCH"]),
        Route(doc, documents.delete_document, methods=["DELETE"]),
        Route(f"{doc}/undo", documents.undo, methods=["POST"]),
        Route(f"{doc}/redo", documents.redo, methods=["POST"]),
        WebSocketRoute(f"{doc}/live", sockets.patch_lane),
        WebSocketRoute("/v1/yjs/{doc}", sockets.yjs_lane),
    ]
