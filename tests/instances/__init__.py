"""Several real instances on one PostgreSQL and one Redis."""
