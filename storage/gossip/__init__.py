"""Messages between instances, within one process or over Redis."""
