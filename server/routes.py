"""The routes: which function answers each URL path of the server."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from server.demo import content
from server.http import (
    activity,
    assets,
    documents,
    exports,
    history,
    listing,
    locks,
    operations,
    own_pages,
    publishing,
    schemas,
    service_worker,
    shares,
    static_files,
)
from server.http1.head import has_encoded_slash
from server.lanes import endpoints as sockets


class EncodedSlash(BaseRoute):
    """A route that answers 404 for a path with `%2F`, over HTTP or a WebSocket."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if has_encoded_slash(scope) else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raise HTTPException(404)
        await sockets.not_found(WebSocket(scope, receive, send))


def routes() -> list[BaseRoute]:
    """Return the routes, in the order in which Starlette tries them."""
    doc = "/v1/docs/{doc}"
    return [
        EncodedSlash(),
        Route("/", own_pages.get_documents),
        Route("/sw.js", service_worker.get_service_worker),
        Route("/healthz", operations.healthz),
        Route("/readyz", operations.readyz),
        Route("/openapi.json", static_files.get_description),
        Route("/docs", static_files.get_reference),
        Route("/metrics", operations.get_metrics),
        Route("/status", operations.get_status_page),
        Route("/status.json", operations.get_status),
        Mount("/static", static_files.own_files()),
        Route("/sdk/{name}.js", static_files.get_sdk_entrance),
        Route("/sdk/{version}/{name}", static_files.get_sdk_file),
        Route("/modules/{version}/{folder}/{name}", static_files.get_module),
        Route("/preview/{doc}", own_pages.get_preview),
        Route("/preview/{doc}/{page}", own_pages.get_preview),
        Route("/edit/{doc}", own_pages.get_editor),
        Route("/favicon.ico", static_files.get_icon),
        Route("/demo/{name}.svg", content.get_picture),
        Route("/examples/{name}", content.get_example),
        Route("/v1/demo/token", operations.make_guest, methods=["POST"]),
        Route("/v1/assets", assets.upload_asset, methods=["POST"]),
        Route("/v1/assets", assets.list_assets, methods=["GET"]),
        Route("/v1/assets/{id}", assets.delete_asset, methods=["DELETE"]),
        Route("/v1/assets/{tenant}/{id}", assets.get_asset),
        Route("/v1/activity", activity.list_activity),
        Route("/v1/docs", listing.list_documents),
        Route(doc, documents.get_document, methods=["GET"]),
        Route(doc, documents.put_document, methods=["PUT"]),
        Route(doc, documents.patch_document, methods=["PATCH"]),
        Route(doc, documents.delete_document, methods=["DELETE"]),
        Route(f"{doc}/undo", documents.undo, methods=["POST"]),
        Route(f"{doc}/redo", documents.redo, methods=["POST"]),
        Route(f"{doc}/audit", history.list_audit, methods=["GET"]),
        Route(f"{doc}/presence", documents.list_present, methods=["GET"]),
        Route(f"{doc}/locks", locks.list_locks, methods=["GET"]),
        Route(f"{doc}/locks", locks.acquire, methods=["POST"]),
        Route(f"{doc}/locks/{{lock}}/renew", locks.renew, methods=["POST"]),
        Route(f"{doc}/locks/{{lock}}/release", locks.release, methods=["POST"]),
        Route(f"{doc}/locks/{{lock}}/take-over", locks.take_over, methods=["POST"]),
        Route(f"{doc}/locks/{{lock}}/keep", locks.keep, methods=["POST"]),
        Route(f"{doc}/share", shares.list_shares, methods=["GET"]),
        Route(f"{doc}/share", shares.make_share, methods=["POST"]),
        Route(f"{doc}/share/{{share}}", shares.end_share, methods=["DELETE"]),
        Route("/v1/schemas/{schema}", schemas.get_named_schema, methods=["GET"]),
        Route(f"{doc}/schema", schemas.get_schema, methods=["GET"]),
        Route(f"{doc}/schema", schemas.put_schema, methods=["PUT"]),
        Route(f"{doc}/schema", schemas.delete_schema, methods=["DELETE"]),
        Route(f"{doc}/versions", history.list_versions, methods=["GET"]),
        Route(f"{doc}/versions", history.name_version, methods=["POST"]),
        Route(f"{doc}/versions/{{version}}", history.get_version),
        Route(f"{doc}/diff", history.get_diff),
        Route(f"{doc}/restore", history.restore, methods=["POST"]),
        Route(f"{doc}/publish", publishing.get_publication, methods=["GET"]),
        Route(f"{doc}/publish", publishing.publish, methods=["POST"]),
        Route(f"{doc}/publish", publishing.take_down, methods=["DELETE"]),
        Route(f"{doc}/publish/findings", publishing.get_findings, methods=["GET"]),
        Route("/v1/published/{tenant}/{doc}", publishing.get_published),
        Route("/p/{tenant}/{doc}", publishing.get_page),
        Route("/p/{tenant}/{doc}/{page}", publishing.get_page),
        Route(f"{doc}/export", exports.export_document),
        Route(f"{doc}/import", history.import_document, methods=["POST"]),
        WebSocketRoute(f"{doc}/live", sockets.patch_lane),
        WebSocketRoute("/v1/yjs/{doc}", sockets.yjs_lane),
        WebSocketRoute("/{path:path}", sockets.not_found),
    ]
