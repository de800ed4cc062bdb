"""The time limit of a test's waits."""

# A time limit, not a measurement: on a busy machine milliseconds become seconds.
PATIENCE = 60.0
