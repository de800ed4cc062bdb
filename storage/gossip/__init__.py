"""What instances tell one another, within one process or over Redis."""
