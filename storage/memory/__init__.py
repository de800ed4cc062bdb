"""The ports in memory, for tests. They fulfil the same contract, but nothing is durable."""
