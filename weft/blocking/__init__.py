"""Waits in one thread for what an event loop does in another."""
