"""The tests, on real servers. How to choose what a test uses:

**A database.** `dsn` is an empty one, `schema` has the current schema, `sample` its sample data, `issues` the labelled
issues as well: each a fresh copy of a template, 30 ms away. Modules that only read make one for all of their tests, by
`servers.database`. Where a server's own settings are changed, or it is killed, take one apart: `servers.running`.

**A version.** Tests run on PostgreSQL 18. Marked `both_versions`, a test, a module or one of its parameters runs on 15
as well. Mark what depends on the version: catalogs, DDL, locks, guards, migration, emitted files, JSON and text
functions. Every SQL statement of the program is run on 15 by one test at least, since it may use what 15 lacks; what
only tries more values needs no second server. `pytest --both-versions` runs all tests on both.

**Time.** `make test` gives each module to one of three processes, the longest first (`conftest.LONGEST`). Tests share
nothing but what they only read, so any order will do. What must not run twice at one moment stands in one module. Runs
that are repeated until something rare happens are short here and long in `make soak`, which sets SOAK.

**No server.** `make check` runs the tests that start none. `conftest` tells them by their fixtures; a test that starts
a server by other ways is marked `server`. It leaves out those that are marked `slow`, too, which take some seconds.
"""
