"""The history of audits: a file of SQLite to which each run adds its figures and what became of its violating keys."""
