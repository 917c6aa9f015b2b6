"""Tests of `order-audit init`."""
