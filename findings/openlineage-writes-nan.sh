#!/usr/bin/env bash
# The OpenLineage client serialises a NaN or infinite metric as the bare word NaN or Infinity. That is no JSON (RFC 8259):
# a strict reader refuses the whole event, not the one number.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages openlineage-python==1.54.0
server 15
need node nodejs
version "openlineage-python 1.54.0"
expected "null, or an error from the client"
event=$("$python" - <<'PYTHON'
from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as metrics
from openlineage.client.serde import Serde

column = metrics.ColumnMetrics(sum=float("nan"), max=float("inf"), nullCount=0)
print(Serde.to_json(metrics.DataQualityMetricsInputDatasetFacet(columnMetrics={"amount": column})))
PYTHON
)
check "the column's metrics" "$(grep -o '"\(max\|sum\)": [A-Za-z]*' <<<"$event" | sort)" $'"max": Infinity\n"sum": NaN'
check "read by PostgreSQL" "$(sql_error "select '$event'::json")" "invalid input syntax for type json"
check "read by Node" "$(node -e 'try { JSON.parse(process.argv[1]); console.log("read") } catch (e) { console.log(e.name) }' "$event")" SyntaxError
