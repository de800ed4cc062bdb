"""Publishing: makes versions public, and serves them from a cache."""
