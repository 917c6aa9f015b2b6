# order-audit in a container:  docker build --tag order-audit .
#   docker run --rm --volume "$PWD:/audit" --env DATABASE_URL order-audit run --suite rules --out audit-out
FROM python:3.12-slim AS build
WORKDIR /source
COPY requirements/run.lock requirements/run.lock
RUN python -m venv /opt/order-audit \
  && /opt/order-audit/bin/pip install --no-cache-dir --require-hashes --requirement requirements/run.lock
COPY . .
RUN /opt/order-audit/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim
COPY --from=build /opt/order-audit /opt/order-audit
ENV PATH=/opt/order-audit/bin:$PATH
# files of the mounted folder belong to who runs the container: --user "$(id -u):$(id -g)"
RUN useradd --create-home --uid 10001 audit
USER 10001
WORKDIR /audit
ENTRYPOINT ["order-audit"]
CMD ["--help"]
