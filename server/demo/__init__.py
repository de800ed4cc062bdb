"""Demo mode: two tenants with two landing pages each, and their creation."""
