"""Measures whether the expectations hold, and drives the commands. Reads only.

`run` is the whole audit; `gx` offers the rules to Great Expectations; the packages below hold one concern each, and
import downwards only: cli, run, results, then scans, profiling and schema, then database, then analysis.
"""
