"""Tells people, programs and CI what an audit found, from its result alone."""
