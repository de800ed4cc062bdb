"""A Yjs document as a tree of JSON: applies patches and updates, and returns ops and updates."""
