"""Messages between instances, in one process or over Redis."""
