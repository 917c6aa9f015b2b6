"""Fixes written as a Sqitch project, which runs without this program.

Imported by cli; imports planning, engine and guarding. Reads the database only.
"""
