"""Who may come in: tokens, keys, origins, and how many of one address."""
