"""Measures whether the expectations hold, and drives the commands."""
