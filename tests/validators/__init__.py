"""What the program writes, held against its readers: schemas, parsers, linters of the formats."""
