"""Helpers for tests: servers, dirty data, a second computation of the rules, applications at work, a browser."""
