"""The command line: Typer commands, their options, and what they print.

The top: imports every other package, and nothing but `__main__` imports it. Commands import what they need when they
run, so that `--help` answers at once.
"""
