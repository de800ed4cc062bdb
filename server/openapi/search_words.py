"""What else people call an operation: the words by which the API page finds it.

The page also searches the name, the path, the summary and the parameters of each operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    "listDocuments": "all pages index search pagination cursor",
    "getDocument": "fetch load value json pointer etag cache version page content",
    "putDocument": "new make save write overwrite upsert if-match page duplicate clone copy",
    "patchDocument": "edit update modify json patch rfc 6902 rebase merge conflict autosave draft "
    "write text content rename move add",
    "deleteDocument": "remove destroy drop page site trash erase",
    "undo": "revert back step history ctrl-z mistake",
    "redo": "repeat again step history",
    "listPresent": "presence online who users cursors collaborators awareness people here",
    "getNamedSchema": "landing page format validation json schema",
    "getSchema": "validation json schema rules",
    "putSchema": "validation json schema rules constrain",
    "deleteSchema": "validation json schema rules",
    "listVersions": "history log changes revisions blame author who changed edited wrote when what",
    "nameVersion": "tag label bookmark history snapshot",
    "getVersion": "history old past time travel snapshot",
    "getDiff": "difference changes history between who changed compare",
    "restore": "rollback revert history old version recover back time",
    "exportDocument": "backup download archive dump move save copy",
    "importDocument": "backup upload archive restore move",
    "getPublished": "live public site state",
    "publish": "live deploy release go public site",
    "getFindings": "check lint validate warnings dry run before publish broken links",
    "takeDown": "unpublish offline hide withdraw",
    "readPublished": "live public site cdn content headless cms",
    "listLocks": "locked edit lease",
    "acquireLock": "take get edit lease reserve checkout",
    "renewLock": "extend keep alive lease heartbeat",
    "releaseLock": "unlock free let go",
    "takeOverLock": "steal force claim unlock",
    "keepLock": "decline refuse claim",
    "listShares": "links invite guests access",
    "makeShare": "link invite guest access token viewer preview collaborate review",
    "endShare": "revoke link remove access",
    "uploadAsset": "image photo file media picture png jpeg svg",
    "listAssets": "images photos files media library pictures",
    "deleteAsset": "image photo file media remove picture",
    "readAsset": "image photo file media download resize thumbnail webp picture",
    "listAudit": "log history who compliance trail",
    "listActivity": "feed recent changes notifications news who changed latest",
    "healthz": "health liveness probe ping status up",
    "readyz": "health readiness probe load balancer status",
    "getDescription": "openapi swagger spec sdk generator",
    "makeGuest": "auth login token sign in jwt anonymous demo",
}
SOCKET_WORDS: Final[Mapping[str, str]] = {
    "/v1/docs/{doc}/live": "websocket realtime stream subscribe events notifications push cursor",
    "/v1/yjs/{doc}": "websocket realtime yjs crdt tiptap prosemirror codemirror awareness",
}
