"""How long a test waits for what must come."""

# An end to waiting, never a measure: a busy machine takes seconds for what else takes milliseconds.
PATIENCE = 60.0
