"""The operations on share links over HTTP."""

from __future__ import annotations

from collab.errors import Code
from server.openapi.operation import CLIENT, DOC, Body, Operation, Parameter, Response
from server.openapi.shapes import NewShare, SharePage, ShareToken

MANY = "/v1/docs/{doc}/share"
SHARE = Parameter("share", "path", str, "The id of the share link.", {"pattern": "^[^/]+$"})
REFUSALS = (Code.FORBIDDEN, Code.NOT_FOUND)

SHARES = (
    Operation(
        "GET",
        MANY,
        "listShares",
        "Sharing",
        "List the share links that have not expired",
        {200: Response("The share links, oldest first.", SharePage, ("Cache-Control",))},
        (DOC,),
        refusals=REFUSALS,
    ),
    Operation(
        "POST",
        MANY,
        "makeShare",
        "Sharing",
        "Make a share link for this document",
        {
            201: Response(
                "The link. Keep its token: it is sent only once.", ShareToken, ("Cache-Control",)
            )
        },
        (DOC, CLIENT),
        Body(NewShare, "The role that the link gives, and for how many seconds."),
        (*REFUSALS, Code.QUOTA_EXCEEDED),
        "Needs the role `editor`. The token reads this document only. It lists no documents and "
        "makes no share links. A `ttl` above `WEFT_SHARE_MAX_TTL` is changed to that limit.",
    ),
    Operation(
        "DELETE",
        f"{MANY}/{{share}}",
        "endShare",
        "Sharing",
        "End a share link",
        {204: Response("The token is refused from now on, and its connections are closed.")},
        (DOC, SHARE, CLIENT),
        refusals=REFUSALS,
        detail="Needs the role `editor`. The server closes the connections with 4403.",
    ),
)
