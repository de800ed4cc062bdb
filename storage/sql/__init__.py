"""The ports on SQL, the same statements for SQLite and PostgreSQL."""
