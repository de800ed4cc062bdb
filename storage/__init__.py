"""Adapters for the ports that `collab` states."""
