"""Stale patches: made for the value that their author saw, rebased to the head."""
