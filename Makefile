# make demo: the whole job on a private server.
# make test: every check.  make check: those that are quick and need no server, in less than a minute once their caches are warm.
# make bench: whole commands next to hand-written SQL and other tools, from 10,000 to 10,000,000 orders; BENCH is what else
#   `python -m benchmarks.whole` takes.  make bench-quick: the same at 200,000 orders, in 5 minutes. Both compare
#   with the committed results, and fail if a ratio is worse by more than a fifth.
# JOBS is how many tests run at once, each in a process with servers of its own.
# make soak: what is too long for the tests: fixes killed SOAK times, fixes, the migration and audits since an earlier one
#   tried on SOAK random databases, every way to give a password to every command, commands under faults for SOAK minutes.
# make dist: the wheel and the sdist in dist/, with the locked build tool: two builds of a commit have the same bytes.
#   twine, pyroma, uvx and pyright then check them.
# make lock: the versions and hashes in requirements/, after a change of pyproject.toml; UPGRADE=--upgrade takes new versions.
# make sbom: dist/sbom.json (CycloneDX) and dist/licences.md, of the locked packages that the program is installed with.
# make interop: dbt, Great Expectations, Soda and datacontract-cli beside the rules imported from their files.
PYTHON ?= python3
# compiled modules and tests are kept: the tests start the program many times
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
STAMP := .venv/.installed
TOOLS := .tools/.installed
VALIDATORS := .tools/validators/.installed
PIP := python -m pip install --quiet --disable-pip-version-check
UPGRADE ?=
# for every version of Python from 3.11 on and every platform; versions that are locked stay
LOCK = .tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate $(UPGRADE) \
  --custom-compile-command 'make lock'
ORDERS ?= 10000 200000 1000000 2000000 5000000 10000000
REPEATS ?= 3
BENCH ?=
SOAK ?= 300
JOBS ?= 3
# the modules that take longest come first, whatever the number of their tests
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

.PHONY: demo test check statically fix bench bench-quick soak dist sbom lock interop clean
.DELETE_ON_ERROR:

demo: $(STAMP)
	$(BIN)/order-audit demo --out out/demo

test: $(STAMP)
	.ci/packages
	$(MAKE) $(VALIDATORS) statically
	$(PYTEST)

# without tests/gx: for its few tests that need no server, both processes would import Great Expectations
check: $(STAMP) statically
	$(PYTEST) -m "not server and not slow" --ignore tests/gx

statically:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog --check README.md docs/*.md scenario/data-issues/README.md

# what ruff and cog can put right by themselves
fix: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m order_audit.scenario.labels
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog -r README.md docs/*.md scenario/data-issues/README.md

bench: $(STAMP)
	$(BIN)/python -m benchmarks.whole --orders $(ORDERS) --repeats $(REPEATS) $(BENCH)

# the other tools are installed before the five minutes, if they are not yet
bench-quick: $(STAMP)
	$(BIN)/python -m benchmarks.whole --orders 200000 --repeats $(REPEATS) --minutes 4.8 --out out/bench \
	  --without store-failures parallel $(BENCH)

soak: $(STAMP)
	SOAK=$(SOAK) $(PYTEST) -o timeout=0 tests/fixes/test_live.py tests/fixes/test_random*.py tests/migrate/test_live*.py \
	  tests/cli/test_connection_secrets.py tests/guards/test_agree.py tests/reports/test_compare_keys.py tests/migrate/test_random.py \
	  tests/since/test_random.py tests/since/test_queries.py \
	  tests/migrate/test_migrate_killed.py::test_it_may_be_killed_at_any_moment
	$(BIN)/python -m tests.faults --minutes $(SOAK) --out benchmarks/results/faults.json

dist: $(STAMP) $(TOOLS) $(VALIDATORS)
	rm -f dist/*.whl dist/*.tar.gz
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m tests.support.release dist

interop: $(STAMP)
	$(BIN)/python -m tests.interop

# each file is what its hash in the lock says; the build tool is in the lock, too
$(STAMP): pyproject.toml requirements/dev.lock
	$(PYTHON) -m venv .venv
	$(BIN)/$(PIP) --require-hashes --requirement requirements/dev.lock
	$(BIN)/$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(TOOLS): requirements/tools.lock
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/$(PIP) --require-hashes --requirement requirements/tools.lock
	touch $@

# what reads the files that the program writes, from PyPI and npm; tests/support/validators.py finds it there
$(VALIDATORS): requirements/validators.lock tests/validators/package.json tests/validators/package-lock.json
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/$(PIP) --require-hashes --requirement requirements/validators.lock
	cp tests/validators/package.json tests/validators/package-lock.json $(@D)
	cd $(@D) && npm ci --silent --ignore-scripts
	touch $@

sbom: $(STAMP) $(TOOLS)
	mkdir -p dist
	.tools/bin/uv venv --quiet --clear --python $(BIN)/python .tools/sbom
	.tools/bin/uv pip sync --quiet --python .tools/sbom --require-hashes requirements/run.lock
	.tools/bin/cyclonedx-py environment .tools/sbom --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --output-file dist/sbom.json
	$(BIN)/python -m tests.support.dependencies dist/sbom.json dist/licences.md

lock: $(TOOLS)
	$(LOCK) --extra embedded --output-file requirements/run.lock pyproject.toml
	$(LOCK) --all-extras --constraint requirements/run.lock --output-file requirements/dev.lock pyproject.toml
	$(LOCK) --group pyproject.toml:tools --output-file requirements/tools.lock
	$(LOCK) --group pyproject.toml:validators --output-file requirements/validators.lock
	cd tests/validators && npm install --silent --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts
	(echo "# Exact versions for development and CI, without hashes: pip install --constraint constraints.txt. Made by make lock."; \
	  sed -n 's/ *\\$$//; /^[a-z0-9]/p' requirements/dev.lock) > constraints.txt

clean:
	rm -rf .venv .tools out build dist benchmarks/.envs
