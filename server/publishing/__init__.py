"""Publishing: makes versions public, and serves published pages and values from a cache."""
