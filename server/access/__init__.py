"""Access control: tokens, keys, origins, and limits for each address."""
