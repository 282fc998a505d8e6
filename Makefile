# Everything a person does with a checkout of CartBridge. `make` alone lists it.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Most tests wait for PostgreSQL or for a lease to end: three files at a time cost no more than one.
# In the order of the folders: else the few slow tests of the faults come last, and alone.
SIDE_BY_SIDE := --numprocesses 3 --dist loadfile --no-loadscope-reorder
CONNECTORS := $(wildcard connectors/*/pyproject.toml)
empty :=
CONNECTOR_FOLDERS := $(subst $(empty) $(empty),:,$(abspath $(dir $(CONNECTORS))))
INSTALLED := $(VENV)/installed
BENCHED := $(VENV)/benched
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet --quiet
# `make lock UPGRADE=` pins only what is new.
UPGRADE := --upgrade
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/python -m piptools compile --quiet \
	--generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	--strip-extras --allow-unsafe

# Of these `make test` plays those that are not long.
STORIES := platform

.PHONY: help run demo test e2e companion faults bench check lint schemas docs lock clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

run: $(INSTALLED) ## Start the gateway with the demo retailer and its own PostgreSQL
	@exec $(BIN)/cartbridge serve --demo

demo: $(INSTALLED) ## Play the story of a shopper and two tills against `make run`
	@exec $(BIN)/cartbridge demo

test: $(INSTALLED) ## Run every test, database included; a real Vendure too if Node is there
	$(BIN)/python -m pytest -m "not platform" $(SIDE_BY_SIDE)
	@if command -v node >/dev/null 2>&1; \
	then $(MAKE) --no-print-directory e2e STORIES="platform and not long"; \
	else echo "NOT RUN: the tests against real platforms need Node 20 or newer (make e2e)"; fi

e2e: $(INSTALLED) ## Run the stories on real platforms: Vendure, Medusa (needs Node and npm)
	@command -v node >/dev/null 2>&1 || { \
		echo "make e2e starts real platforms with Node: install Node 20 or newer, then try again"; \
		exit 1; }
	$(BIN)/python -m pytest -m "$(STORIES)" || { status=$$?; \
		if [ $$status -eq 5 ]; then echo "NOT RUN: there are no tests against real platforms"; \
		else exit $$status; fi; }

companion: $(INSTALLED) ## Run the Vendure companion's own tests on a real shop (needs Node)
	cd tests/platforms/vendure && npm ci --ignore-scripts --no-audit --no-fund && npm test

faults: $(INSTALLED) ## Do damage for half an hour; var/faults.txt tells what was lost: nothing
	$(BIN)/python -m pytest $(wildcard tests/faults tests/simulation) --long -s

bench: $(BENCHED) ## Measure it against others; docs/performance.md (BENCH=--short to try)
	$(BIN)/python -m tests.bench $(BENCH)

check: lint schemas-current test ## Do what the continuous integration does

lint: $(INSTALLED) ## Check form, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=$(CONNECTOR_FOLDERS) $(BIN)/mypy cartbridge docs tests
	@for folder in $(dir $(CONNECTORS)); do \
		echo "mypy $$folder"; \
		(cd $$folder && MYPYPATH=$(CURDIR):tests $(CURDIR)/$(BIN)/mypy \
			--config-file $(CURDIR)/pyproject.toml .) || exit 1; done
	$(BIN)/lint-imports

.PHONY: schemas-current
schemas-current: $(INSTALLED)
	$(BIN)/python -m cartbridge.schemas --check
	$(BIN)/python docs/list_platforms.py --check

schemas: $(INSTALLED) ## Write schemas/ anew from the code
	$(BIN)/python -m cartbridge.schemas

docs: $(INSTALLED) ## Write the pages and the dashboard that are drawn from the code
	$(BIN)/python docs/draw_lifecycle.py
	$(BIN)/python docs/list_commands.py
	$(BIN)/python docs/list_platforms.py
	$(BIN)/python deploy/dashboards/draw_dashboard.py

lock: $(INSTALLED) ## Pin every dependency anew, with its hashes
	@mkdir -p var
	@$(BIN)/python -c 'import pathlib, tomllib; [print(needs) \
		for one in sorted(pathlib.Path("connectors").glob("*/pyproject.toml")) \
		for needs in tomllib.loads(one.read_text())["project"]["dependencies"] \
		if needs != "cartbridge"]' > var/connectors.in
	$(COMPILE) $(UPGRADE) --extra dev --extra embedded --extra testing \
		--output-file requirements.lock pyproject.toml var/connectors.in
	$(COMPILE) --constraint requirements.lock --extra bench \
		--output-file requirements-bench.lock pyproject.toml
	@{ cat var/connectors.in; grep --only-matching 'setuptools>=[0-9]*' pyproject.toml; } > var/image.in
	$(COMPILE) --constraint requirements.lock \
		--output-file deploy/requirements.lock pyproject.toml var/image.in

clean: ## Remove what was installed and made; var/ with your data stays
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .coverage *.egg-info connectors/*/*.egg-info
	find . -name __pycache__ -type d -prune -not -path './var/*' -exec rm -rf {} +

# Installed once: what is pinned, by its hash, then this checkout itself without any network.
$(INSTALLED): requirements.lock pyproject.toml $(CONNECTORS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "CartBridge needs Python 3.11 or newer, and $(PYTHON) is" \
			"$$($(PYTHON) --version 2>&1): install it, or name one: make PYTHON=python3.12 run"; \
		exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment: install its venv module" \
			"(Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	@echo "Installing what CartBridge needs into $(VENV): a minute the first time ..."
	@$(PIP) install --require-hashes --requirement requirements.lock
	@PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-build-isolation --editable . \
		$(foreach one,$(CONNECTORS),--editable $(dir $(one)))
	@touch $@

# On top of it, once: what the benchmark measures CartBridge against.
$(BENCHED): requirements-bench.lock $(INSTALLED)
	@echo "Installing what CartBridge is measured against into $(VENV) ..."
	@$(PIP) install --require-hashes --requirement requirements-bench.lock
	@touch $@
