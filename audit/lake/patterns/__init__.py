"""Regular expressions of PostgreSQL, and the same for other engines."""
