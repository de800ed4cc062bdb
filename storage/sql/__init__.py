"""The ports on SQL, with the same statements for SQLite and PostgreSQL."""
