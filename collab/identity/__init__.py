"""Finds characters and items by their Yjs ids, and values by the change that set them."""
