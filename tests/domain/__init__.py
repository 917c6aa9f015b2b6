"""Domains that other packages register."""
