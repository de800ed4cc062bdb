"""Characters and items by their Yjs ids, and values by the change that put them there."""
