"""`/metrics`: the process's numbers, in Prometheus's text format."""

from __future__ import annotations

from hmac import compare_digest

from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from server.access.tokens import token_in_header
from server.http.requests import services_of


async def get_metrics(request: Request) -> Response:
    """Every metric; for whoever has `WEFT_METRICS_TOKEN`, or for everybody where there is none."""
    services = services_of(request)
    wanted = services.settings.metrics_token
    if wanted:
        given = token_in_header(request.headers.get("authorization")) or ""
        if not compare_digest(given.encode(), wanted.encode()):
            raise Rejected(Code.UNAUTHENTICATED, "WEFT_METRICS_TOKEN is wanted")
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    text = encode(services.witness.metrics.registry)
    headers = {"Content-Type": media_type, "Cache-Control": "no-store"}
    return Response(text, headers={**headers, "X-Content-Type-Options": "nosniff"})
