#!/usr/bin/env bash
# junitparser adds two reports suite by suite only where the names differ: suites of one name become one, though each
# file's own suites of one name stay apart. Cases of the same name stand there twice and all are counted.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages junitparser==5.0.3
version "junitparser 5.0.3"
expected "two reports with one suite each make a report with two suites"
look() {
  "$python" - "$1" "$2" <<'PYTHON'
import sys

from junitparser import JUnitXml, TestCase, TestSuite


def report(name):
    suite = TestSuite(name)
    suite.hostname = "host of " + name
    suite.add_testcase(TestCase("orders", "audit", 1.0))
    made = JUnitXml()
    made.add_testsuite(suite)
    return made


both = report(sys.argv[1]) + report(sys.argv[2])
print(len(both), both.tests)
PYTHON
}
check "suites and tests, two names" "$(look a b)" "2 2"
check "suites and tests, one name" "$(look a a)" "1 2"
