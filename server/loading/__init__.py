"""Loading: makes rooms and older values from the log."""
