"""The command line: Typer commands, their options, and what they print.

The top: imports every other package, and nothing but `__main__` imports it. Commands import what they need when they
run, so that `--help` answers at once.
"""

import gc

# Most of what a command imports and makes lives until its end: to look for garbage takes time, and finds little. Said
# here, so that it holds from the first import on.
gc.set_threshold(300_000, 20, 20)
