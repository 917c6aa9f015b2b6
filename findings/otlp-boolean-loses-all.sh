#!/usr/bin/env bash
# One observation of True makes OpenTelemetry's OTLP exporter send nothing of a whole collection, other metrics included.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
version "opentelemetry-sdk and -exporter-otlp-proto-http 1.45.2"
expected "True is an int in Python, and the SDK takes it: 1 is sent; or it is refused when it is observed"
cat >"$work/gauges.py" <<'PYTHON'
import http.server
import logging
import sys
import threading

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

logging.disable(logging.CRITICAL)
received = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
for up in (1, True):
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader]).get_meter("m")
    meter.create_observable_gauge("up", [lambda _: [Observation(up)]])
    meter.create_observable_gauge("rows", [lambda _: [Observation(7)]])
    exporter = OTLPMetricExporter(endpoint=f"http://127.0.0.1:{server.server_port}/v1/metrics")
    count = len(received)
    outcome = exporter.export(reader.get_metrics_data())
    print(f"{up}: {outcome.name}, {len(received) - count} requests")
PYTHON
said=$("$python" "$work/gauges.py")
check "an observation of 1, and one of True, each beside a gauge of 7" "$said" "1: SUCCESS, 1 requests
True: FAILURE, 0 requests"
