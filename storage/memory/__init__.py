"""The ports in memory: the same contract, nothing durable; tests stand on it."""
