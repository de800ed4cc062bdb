"""Weft side by side with other servers: the same clients, the same edits, in turn."""
