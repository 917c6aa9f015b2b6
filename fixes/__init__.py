"""Makes it true: fix-up migrations."""
