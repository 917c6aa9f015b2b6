"""Faults of network, server and surroundings while commands are at work."""
