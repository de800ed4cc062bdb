"""Adapters for the ports of `collab`."""
