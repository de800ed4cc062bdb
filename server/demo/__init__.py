"""Demo documents: two tenants with two landing pages each, and how they are created."""
