"""Carry a database to its proposed schema while applications run: by the very files that Sqitch runs."""
