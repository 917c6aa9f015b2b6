"""What a user waits for: whole commands, beside SQL by hand and other tools."""
