"""How rules run: prepared rules, the planner, batches of scans in one statement, their execution, violating keys.

Imported by run, results, gx and the commands that count violations; imports database and analysis.
"""
