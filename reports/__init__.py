"""Reports for people, programs and CI: pure functions of the result document.

Needs no database and no module of audit or fixes. `html` is the only package that imports Jinja2.
"""
