"""The commit loop: it commits waiting requests in one transaction, and recovers from failures."""
