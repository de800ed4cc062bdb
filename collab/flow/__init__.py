"""Byte and message budgets of a connection, in both directions (backpressure)."""
