"""Tables outside of PostgreSQL: their export to Parquet files, and rules on such files.

What imports pyarrow or another engine is imported by the commands that ask for it: these are extras.
"""
