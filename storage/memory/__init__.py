"""The ports in memory: the same contract, nothing durable; for tests."""
