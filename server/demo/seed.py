"""Demo mode: creates the demo documents and keys, and makes the server's start message."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from collab.entry import Author
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create
from server.demo.content import FIRST_EXAMPLE, pages

if TYPE_CHECKING:
    from server.documents.live_room import LiveRoom
    from server.services import Services

logger = logging.getLogger(__name__)

FOREVER = 253_402_300_799_000  # the year 9999


async def create_documents(services: Services) -> None:
    """Create the demo tenants and documents that do not exist yet."""
    logger.warning("demo mode: every client that reaches this server may edit the demo documents")
    rights = Rights(Role.ADMIN, expires_at=FOREVER)
    member = Member(Author("weft", "Weft"), rights, "server")
    for key, page in pages():
        await services.keyring.ensure_key(key.tenant)
        async with services.hub.using(key) as live:
            await services.hub.ask(live, member, Create(page))
            await _publish_once(services, live, member.author)


async def _publish_once(services: Services, live: LiveRoom, by: Author) -> None:
    """Publish the document, unless it was published before."""
    if not await services.store.publications(live.key, 0, live.room.version):
        await services.publisher.publish(live, by)


async def start_message(services: Services, where: str) -> str:
    """Return the text that the server prints when it starts: URLs, and a token for a guest."""
    token, _ = await services.keyring.guest()
    docs = [key.doc for key, _ in pages() if key.tenant == "demo"]
    return "\n".join(
        [
            f"Weft serves {where} (demo mode: open to every client that reaches it)",
            "",
            "  try it     " + f"{where}{FIRST_EXAMPLE} (open it in two tabs, and type)",
            "  pages      " + f"{where}/ (all pages, and the editor)",
            "  status     " + f"{where}/status",
            "  health     " + f"{where}/healthz",
            "  documents  " + ", ".join(f"{where}/v1/docs/{doc}" for doc in docs),
            "  preview    " + ", ".join(f"{where}/preview/{doc}" for doc in docs),
            "  published  " + ", ".join(f"{where}/p/demo/{doc}" for doc in docs),
            "  live       " + f"{where.replace('http', 'ws', 1)}/v1/docs/{docs[0]}/live",
            "",
            "A guest token, valid for an hour"
            f" (more: {_command()} token --user ada --role editor):",
            f"  {token}",
            "",
            "Read a page as JSON with it:",
            f"  curl -H 'Authorization: Bearer {token}' {where}/v1/docs/{docs[0]}",
        ]
    )


def _command() -> str:
    """Return how a shell starts this program: `weft`, or its path when it is not in the PATH."""
    called = Path(sys.argv[0])
    if called.name != "weft" or shutil.which("weft") == str(called):
        return "weft"
    return os.path.relpath(called)
