"""Tells people, programs and CI what an audit found: pure functions of the result document.

Needs neither a database nor any module of audit or fixes. `html` is the only package that imports Jinja2.
"""
