"""The feed of a Yjs client: sends updates, and diffs to a client that was slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from collab.flow.outbound import OutboundState
from collab.messages import Backpressure, DisconnectNotice
from collab.yjs import frames as yjs_frames
from server.lanes.feed import Feed, FeedContext
from server.websocket import frames

if TYPE_CHECKING:
    from collab.yjs.awareness import State
    from server.broadcast.news import News, PresenceNews


class YjsFeed(Feed):
    """Sends one Yjs client the updates of one document.

    Invariant: the feed has sent every update up to `position`, or a diff that contains them.

    A slow client gets no notice, because the Yjs lane has no such message. When the client may get
    frames again, `catch_up` requests one diff. The commit loop (`server/commits/commit_loop.py`)
    makes this diff from the committed document.
    """

    lane = "yjs"

    def __init__(
        self,
        context: FeedContext,
        *,
        catch_up: Callable[[], None],
        show: Callable[[list[State]], Iterable[bytes]],
    ) -> None:
        super().__init__(context)
        self._request_diff = catch_up
        self._show = show
        self.is_diff_requested = False  # true until the commit loop answers with the diff

    def on_commit(self, news: News) -> None:
        """Send the news; if that is not possible now, pause the feed."""
        follows = self.position == news.before and not news.is_incomplete
        if follows and self._try_write(news.yjs_frame):
            self.position = news.after
        else:
            self._fall_behind(news.size(self.lane))

    def send(self, message: bytes) -> None:
        """Send a protocol message without a version."""
        self._write(frames.binary(message))

    def send_all(self, messages: Iterable[bytes]) -> None:
        for message in messages:
            self.send(message)

    def send_diff(self, diff: bytes, version: int, news: News) -> None:
        """Send the requested diff, which leads to `version`. Then send the later updates in `news`.

        Without these updates the client would not reach the head.
        """
        frame = frames.binary(yjs_frames.update(diff)) + news.yjs_frame_after(version)
        self._socket.write(frame)
        self.is_diff_requested = False
        self.position = news.after
        self._caught_up(len(frame))
        self.send_all(self._show(self._missed_presence.flush_awareness()))
        self._call_in(0.0)

    def pump(self) -> None:
        self._cancel()
        if self._outbound_flow.state is not OutboundState.NORMAL and not self.is_diff_requested:
            self._continue()

    def _catch_up(self) -> None:
        self.is_diff_requested = True
        self._request_diff()

    def _announce(self, notice: Backpressure | DisconnectNotice) -> bool:
        return False

    def _count_pending(self) -> int:
        return int(bool(self._missed_presence))

    def _presence_frame(self, news: PresenceNews) -> bytes:
        return news.yjs_frame
