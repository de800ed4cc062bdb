"""Characters and items by their Yjs ids, wherever they stand now."""
