"""Checks of other tools beside the rules that are imported from them and exported to them.

`make interop` installs the tools, runs them on `data.sql`, and records the verdict and the number of each check in
`*.json`. The tests hold the rules against these figures, without the tools.
"""
