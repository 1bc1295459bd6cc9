# Every target does its own set-up: a virtual environment in .venv, made again when pyproject.toml changes.
# Needs Python 3.11 or later, make and a package registry.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
NEIGHBOURS := .neighbours

.PHONY: help demo test browser neighbours lint recorded verdicts real-servers benchmarks clean

help:
	@echo "make demo          ask the bundled reference provider everything and name the report"
	@echo "make test          the tests"
	@echo "make browser       the tests that need Chromium"
	@echo "make neighbours    the tests of the pytest plugin beside other plugins, in an environment of their own"
	@echo "make lint          ruff and mypy"
	@echo "make recorded      judge recorded vendor traffic (CONFORMANCE_TRAFFIC, default ../shared/traffic)"
	@echo "make verdicts      measure what is found and what is not: docs/verdicts.md"
	@echo "make real-servers  install, start and ask real servers: engines, gateways, mocks"
	@echo "make benchmarks    the figures of docs/performance.md"
	@echo "make clean         take away what make made"

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0] + "; name another with make PYTHON=...") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.browser: $(VENV)/.installed
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	@touch $@

$(NEIGHBOURS)/.installed: pyproject.toml
	$(PYTHON) -m venv $(NEIGHBOURS)
	$(NEIGHBOURS)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,neighbours]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/conformance run

test: $(VENV)/.installed
	$(RUN) -m pytest -n auto

browser: $(VENV)/.browser
	$(RUN) -m pytest -m browser tests/test_browser.py

neighbours: $(NEIGHBOURS)/.installed
	$(NEIGHBOURS)/bin/python -m pytest -p no:randomly -p no:asyncio tests/test_plugin_neighbours.py -k beside

lint: $(VENV)/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy conformance

recorded: $(VENV)/.installed
	$(RUN) -m tests.recorded

verdicts: $(VENV)/.installed
	$(RUN) -m tests.verdicts

real-servers: $(VENV)/.installed
	$(RUN) tests/real_servers/run.py

benchmarks: $(VENV)/.installed
	for each in benchmarks/*.py; do $(RUN) $$each || exit 1; done

clean:
	rm -rf $(VENV) $(NEIGHBOURS) .real-servers build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
