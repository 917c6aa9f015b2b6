"""The audit and the commands. Reads the database only.

`run` is the whole audit; `gx` exports the rules to Great Expectations. Each package below has one concern, and imports
only downwards: cli, run, results; then scans, profiling and schema; then database; then analysis.
"""
