"""What the core asks of the world: the change log, locks, publications, gossip."""
