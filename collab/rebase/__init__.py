"""Rebase stale patches: from the value that their author saw to the head."""
