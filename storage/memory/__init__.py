"""The ports in memory, for tests. They pass the same contract tests, but keep nothing on disk."""
