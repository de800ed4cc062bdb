"""Access control: tokens, keys, origins, and limits for each IP address."""
