"""The default limits of a request, from the settings and from bounds in the code."""

from __future__ import annotations

from typing import Final

from collab.messages import MAX_ID
from collab.patch.bounds import Bounds
from collab.patch.values import MAX_DEPTH
from collab.raw_json import MAX_VALUES
from collab.schema.check import MAX_BYTES
from collab.wire import MAX_MESSAGES_PER_FRAME
from collab.yjs.frames import MAX_MESSAGES
from collab.yjs.slices import LARGE_UPDATE_BOUNDS
from collab.yjs.update import GuardBounds
from server.access.authentication import MAX_CLIENT
from server.access.tokens import MAX_TOKEN
from server.handling.bodies import MAX_OBJECT, MAX_VALUES_OF_DOCUMENT
from server.handling.requests import MAX_KEY
from server.http.history import MAX_NAME
from server.http.locks import MAX_RELEASE_BODY
from server.runtime.settings import Settings

SETTINGS: Final = Settings()
PATCH: Final = Bounds(max_ops=SETTINGS.max_ops, max_bytes=SETTINGS.max_document)
YJS: Final = GuardBounds(update_bytes=SETTINGS.max_update)

FRAME: Final = SETTINGS.max_frame
DOCUMENT: Final = SETTINGS.max_document
IMPORT: Final = SETTINGS.max_import
ASSET: Final = SETTINGS.max_asset
PIXELS: Final = SETTINGS.max_asset_pixels
OPS: Final = SETTINGS.max_ops
PRESENCE: Final = SETTINGS.presence_bytes
POINTER: Final = PATCH.max_pointer
NODES: Final = PATCH.max_nodes
DEPTH: Final = MAX_DEPTH
ID: Final = MAX_ID
KEY: Final = MAX_KEY
CLIENT: Final = MAX_CLIENT
TOKEN: Final = MAX_TOKEN
OBJECT: Final = MAX_OBJECT
VALUES: Final = MAX_VALUES
VALUES_OF_DOCUMENT: Final = MAX_VALUES_OF_DOCUMENT
SCHEMA: Final = MAX_BYTES
NAME: Final = MAX_NAME
GOODBYE: Final = MAX_RELEASE_BODY
MESSAGES: Final = MAX_MESSAGES_PER_FRAME
MESSAGES_AT_ONCE: Final = SETTINGS.in_messages_burst
YJS_MESSAGES: Final = MAX_MESSAGES
YJS_STRUCTS: Final = LARGE_UPDATE_BOUNDS.structs
YJS_ITEMS: Final = YJS.array_values  # of maps without entries
# The limits of a request's head in docs/wire.md.
HEAD: Final = 64 * 1024
HEADERS: Final = 100

# Limits in `opened` that the cases of messages and documents use.
ATTACKED: Final = frozenset(
    {
        "max_frame",
        "max_document",
        "max_ops",
        "in_bytes_per_second",
        "in_burst",
        "in_messages_per_second",
        "in_messages_burst",
        "presence_bytes",
        "undo_depth",
        "lock_ttl",
    }
)
# Limits that one request cannot reach.
NOT_OF_A_REQUEST: Final = {
    "max_connections": "20 connections are the campaign's crowd",
    "out_bytes_per_second": "what the server sends",
    "out_burst": "what the server sends",
    "slow_seconds": "for readers that have stopped",
    "presence_per_second": "what the server sends",
    "take_over_grace": "a time for people",
}
