"""The assets: their rows, their contents in files or in rows, and the versions that use them."""
