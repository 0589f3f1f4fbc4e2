# Two commands matter: `make book` and `make test`. Everything they make is in .venv/ and _build/.
PYTHON ?= python3
BIN := .venv/bin
INSTALL ?= $(BIN)/uv pip install --python $(BIN)/python
# Libraries are slow to import for ever where their bytecode may not be kept.
unexport PYTHONDONTWRITEBYTECODE

PYTEST := $(BIN)/python -m pytest -q -n 2 --dist loadfile

.PHONY: book test check validate lint lab notebooks serve lock clean

book: .venv/installed
	@$(BIN)/smartbook build

test: book lint .venv/engines
	$(PYTEST) -m "not long"
	$(PYTEST) -c tests/nbval.ini --rootdir . --nbval-lax _build/synthetic/site
	$(PYTEST) -c tests/nbval.ini --rootdir . --nbval --nbval-sanitize-with tests/nbval-sanitize.ini _build/synthetic/site

# What takes long too: Spark, sixty worlds, the whole book built elsewhere and under the guard.
check: test
	$(PYTEST) -m long

# How every estimator fares in 400 worlds whose truth is known, half an hour, which goes on where it was stopped; then
# planted values and true verdicts on twenty seeds.
validate: .venv/installed
	PYTHONPATH=tests $(BIN)/python -m validation.harness
	SMARTBOOK_SEEDS=20 $(PYTEST) tests/validation -k "planted or verdict_is_said or indicator"

lint: .venv/installed
	$(BIN)/ruff check .

lab: notebooks .venv/lab
	$(BIN)/jupyter lab --notebook-dir .

notebooks: .venv/installed
	$(BIN)/jupytext --quiet --sync $$(grep -rl '{code-cell}' book --include='*.md')

serve: book
	$(BIN)/smartbook serve

# The environment follows the lock. `make INSTALL=".venv/bin/python -m pip install"` does without uv.
.venv/installed: requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed, not $$($(PYTHON) -V); try make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	$(INSTALL) --quiet --require-hashes -r requirements.lock
	$(INSTALL) --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/lab: requirements-lab.lock | .venv/installed
	$(INSTALL) --quiet --require-hashes -r requirements-lab.lock
	@touch $@

# PostgreSQL's driver and Spark. The tests of an engine whose server or Java is missing are skipped.
.venv/engines: requirements-engines.lock | .venv/installed
	$(INSTALL) --quiet --require-hashes -r requirements-engines.lock
	@touch $@

# After a change in pyproject.toml: the same pins for every Python and platform, with hashes, without addresses.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-annotate --no-header
lock:
	$(COMPILE) pyproject.toml --extra test --extra dev -o requirements.lock
	$(COMPILE) pyproject.toml --extra lab -c requirements.lock -o requirements-lab.lock
	$(COMPILE) pyproject.toml --extra postgres --extra spark -c requirements.lock -o requirements-engines.lock
	grep '^uv==' requirements-uv.lock | cut -d' ' -f1 | $(COMPILE) - -o requirements-uv.lock

clean:
	rm -rf .venv _build notebooks *.egg-info .pytest_cache .ruff_cache .hypothesis
