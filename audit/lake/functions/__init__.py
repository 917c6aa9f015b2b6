"""The function library: what DuckDB has not, or has with another meaning than PostgreSQL."""
