"""Stale patches: made for what their author saw, carried to the head."""
