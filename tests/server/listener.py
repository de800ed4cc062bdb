"""A subscriber that writes what it is sent into a journal, which several listeners can share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from collab.entry import Author
from collab.ids import Json
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import PatchRequest, Request
from server.broadcast.news import LockNews, News, PresenceNews
from server.broadcast.subscriber import Answered, Submission, one_by_one
from server.documents.hub import Hub
from server.documents.live_room import LiveRoom

Event = tuple[Any, ...]
FOREVER = 2**53


class Listener:
    """A client of a live room without a socket.

    The journal gets one tuple for each event: the session, what happened, and the facts. News
    are `("ada", "news", 2, 3)` with the versions. An answer is `("ada", "a", 2)` with the id and
    the version, or with the code of the refusal.
    """

    fan_out = staticmethod(one_by_one)

    def __init__(
        self,
        live: LiveRoom,
        session: str,
        journal: list[Event] | None = None,
        *,
        role: Role = Role.ADMIN,
        expires_at: int = FOREVER,
        pipelines: bool = False,
    ) -> None:
        self.session = session
        self.live = live
        self.journal: list[Event] = [] if journal is None else journal
        self.acks: dict[str, dict[str, Any]] = {}
        author = Author(session, session.title(), f"tab-{session}", f"s-{session}")
        rights = Rights(role, expires_at)
        self.member = Member(author, rights, "patch", pipelines=pipelines)
        live.audience.join(self)

    # --- requests ---------------------------------------------------------------------------

    def send(self, hub: Hub, request: Request) -> Submission:
        """Queue a request, as a connection does."""
        submission = Submission(self.member, request, hub.clock.monotonic(), subscriber=self)
        hub.submit(self.live, submission)
        return submission

    def set(self, hub: Hub, id: str, path: str, value: Json, base: int | None = None) -> Submission:
        """Queue a patch that sets one value."""
        ops = [{"op": "add", "path": path, "value": value}]
        return self.send(hub, PatchRequest(id, base, ops))

    # --- events of the document -------------------------------------------------------------

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None:
        if news.is_incomplete:
            self._note("jump", news.before, news.after)
        elif news.entries:
            self._note("news", *(entry.version for entry in news.entries))
        for submission, answer in answers:
            request_id = getattr(submission.request, "id", "")
            if answer.refusal is not None:
                self._note(request_id, answer.refusal.code.value)
            else:
                self._note(request_id, answer.version)
                self.acks[request_id] = answer.ack

    def on_presence(self, news: PresenceNews, now: float) -> None:
        self._note("presence")

    def on_locks(self, news: LockNews, now: float) -> None:
        for event in news.events:
            self._note("lock", event.scope, None if event.holder is None else event.holder.user)

    def notice(self, payload: bytes) -> None:
        self._note("notice", json.loads(payload)["code"])

    def resynchronise(self) -> None:
        self._note("resynchronise")

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        self._note("closed", int(code))
        self.live.audience.leave(self)

    def _note(self, *facts: Any) -> None:
        self.journal.append((self.session, *facts))
