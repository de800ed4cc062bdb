"""The operations on assets over HTTP: upload, list, read and delete."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from collab.errors import Code
from collab.ports.assets import WIDTHS
from server.openapi.operation import (
    CURSOR,
    IF_NONE_MATCH,
    LIMIT,
    WITHOUT_SECTIONS,
    Body,
    Operation,
    Parameter,
    Response,
)
from server.openapi.shapes import AssetUse, Time

MANY = "/v1/assets"
Binary = Annotated[str, Meta(extra_json_schema={"format": "binary"})]
TYPES = ("image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "image/svg+xml")
NAME = Parameter("name", "query", str, "The file's name, for the list.", {"maxLength": 200})
ID = Parameter(
    "id", "path", str, "The SHA-256 of the asset, in hex.", {"pattern": "^[0-9a-f]{64}$"}
)
TENANT = Parameter("tenant", "path", str, "The tenant's name.", {"pattern": "^[^/]+$"})
WIDTH = Parameter(
    "width",
    "query",
    int,
    "A smaller form in WebP. Without one of this width, the answer is the original.",
    {"enum": list(WIDTHS)},
)
CACHED = ("ETag", "Cache-Control")


class StoredAsset(Struct, frozen=True):
    """A stored picture. `url` is absolute if `WEFT_PUBLIC_URL` is set."""

    id: str
    url: str
    type: str
    bytes: int
    width: int
    height: int


class ListedAsset(StoredAsset, frozen=True):
    """An asset with its newest upload, and the versions that use it."""

    name: str
    by: str
    at: Time
    uses: list[AssetUse]


class AssetPage(Struct, frozen=True, omit_defaults=True):
    """Assets. `incomplete` is true while the server still reads which documents use them."""

    assets: list[ListedAsset]
    next: str | UnsetType = UNSET
    incomplete: bool | UnsetType = UNSET


ASSETS = (
    Operation(
        "POST",
        MANY,
        "uploadAsset",
        "Assets",
        "Upload a picture",
        {201: Response("The asset is stored.", StoredAsset, ("Cache-Control",))},
        (NAME,),
        Body(
            Binary, "The bytes of the picture, of any Content-Type.", ("application/octet-stream",)
        ),
        (
            Code.FORBIDDEN,
            Code.QUOTA_EXCEEDED,
            Code.INVALID_ASSET,
            Code.STORAGE_FULL,
        ),
        "Needs the role `editor`. The server reads the type from the bytes, not from the headers. "
        "It removes metadata such as the place of a photo, and makes smaller forms. The same "
        "picture is stored once for a tenant, and has the same `id` each time.",
    ),
    Operation(
        "GET",
        MANY,
        "listAssets",
        "Assets",
        "List the assets",
        {200: Response("The assets, the newest upload first.", AssetPage, ("Cache-Control",))},
        (LIMIT, CURSOR),
        refusals=(Code.FORBIDDEN,),
        detail="Needs the role `editor`. `uses` has at most 100 versions of the documents that the "
        "token may see.",
    ),
    Operation(
        "DELETE",
        f"{MANY}/{{id}}",
        "deleteAsset",
        "Assets",
        "Delete an asset that no version uses",
        {204: Response("The asset is deleted.")},
        (ID,),
        refusals=(Code.FORBIDDEN, Code.NOT_FOUND, Code.IN_USE),
        detail=f"Needs the role `editor`. {WITHOUT_SECTIONS} The token must have no `docs`, too. "
        "An asset is in use when the newest, the public or a named version of a document names "
        "it. Then the refusal lists these versions in `uses`.",
    ),
    Operation(
        "GET",
        f"{MANY}/{{tenant}}/{{id}}",
        "readAsset",
        "Assets",
        "Read an asset, without a token",
        {
            200: Response("The bytes of the asset.", Binary, CACHED, TYPES),
            304: Response("The client has the asset already.", None, CACHED),
        },
        (TENANT, ID, WIDTH, IF_NONE_MATCH),
        refusals=(Code.NOT_FOUND, Code.MALFORMED, Code.STORAGE_UNAVAILABLE),
        detail="The bytes of an address never change. No script runs in an asset that is opened by "
        "itself.",
        open_to_all=True,
    ),
)
