"""Yjs bytes: codecs for updates and protocol frames, and the guard in front of pycrdt."""
