"""Run one statement: `python update.py DSN STATEMENT`; its rows and seconds as JSON to standard output."""

from __future__ import annotations

import json
import sys
import time

import psycopg

if __name__ == "__main__":
    with psycopg.connect(sys.argv[1], autocommit=True) as connection:
        begun = time.perf_counter()
        changed = connection.execute(sys.argv[2].encode()).rowcount
        json.dump({"changed": changed, "changing": time.perf_counter() - begun}, sys.stdout)
