"""Fixtures of the client's tests: a real server for a module, and its tokens."""

from __future__ import annotations

from tests.live.conftest import doc, join_yjs, peers, server

__all__ = ["doc", "join_yjs", "peers", "server"]
