"""Presence: which sessions have a document open, and the state that each shows."""
