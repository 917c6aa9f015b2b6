#!/usr/bin/env bash
# Great Expectations: suites.add_or_update with the same suite, written in code as each run of a pipeline does, gives
# every expectation a new id. What refers to expectations by id (notes, acceptances, histories) loses them; the suite's
# own id stays.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages great_expectations==1.24.1
version "great_expectations 1.24.1"
export GX_ANALYTICS_ENABLED=false
expected "an equal expectation of the suite of that name keeps its id"
check "suite's id kept, expectation's id kept" "$("$python" - 2>/dev/null <<'PYTHON'
import great_expectations as gx
import great_expectations.expectations as gxe


def suite():
    return gx.ExpectationSuite(name="s", expectations=[gxe.ExpectColumnValuesToNotBeNull(column="id")])


context = gx.get_context(mode="ephemeral")
first, second = context.suites.add_or_update(suite()), context.suites.add_or_update(suite())
print(first.id == second.id, first.expectations[0].id == second.expectations[0].id)
PYTHON
)" "True False"
