"""The beginning of a fix file: what the database knows of a rule's table, and places for what only a person knows."""
