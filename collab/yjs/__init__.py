"""Yjs bytes: codecs for updates and protocol frames, and how updates are cut and joined."""
