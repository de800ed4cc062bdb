# Weft. `make` alone lists the commands.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Keep compiled files: without them, each process compiles every module again.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
export WEFT_DATABASE ?= sqlite+aiosqlite:///var/weft.db

# A test that waits forever ends its process, with a stack trace of the place where it waits.
ENDING := -o faulthandler_exit_on_timeout=true -o faulthandler_timeout

# The fast tests, without the plugins of installed packages that they do not use.
FAST := -q -p no:schemathesis -p no:anyio -p no:xdist -m "not real and not thorough and not long" $(ENDING)=60

# Three processes run the tests, because many tests wait for servers and browsers. Each takes the
# next file, because tests of a file share servers.
THREE := -n 3 --dist loadfile --no-loadscope-reorder --max-worker-restart 2

# Print the output of each of some parallel commands as one piece.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: help run try demo test test-again test-long check check-style check-core check-rest format sdk sdk-search mutants smoke bench bench-all clean

help: ## list these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.installed ## start Weft with demo pages on http://127.0.0.1:8080, data in ./var (WEFT_PORT=… for another port)
	@mkdir -p var
	@exec $(BIN)/weft serve --demo

demo: .venv/.provisioned ## watch two people edit a page, in two windows; without a display, as pictures in var/demo
	@$(BIN)/python -m tests.browser.demo var/demo

try: .venv/.installed ## start Weft with fresh demo pages in a temporary database
	@directory=$$(mktemp -d); trap 'rm -rf "$$directory"' EXIT; \
	WEFT_DATABASE="sqlite+aiosqlite:///$$directory/demo.db" $(BIN)/weft serve --demo

test: .venv/.provisioned ## run every test that does not take minutes
	@$(BIN)/python tests/provision.py --report
	@$(BIN)/pytest -q $(THREE) -m "not long" --durations=25 $(ENDING)=240

test-again: .venv/.provisioned ## run the tests that failed in the last `make test`, one after the other
	@$(BIN)/pytest -q --last-failed --last-failed-no-failures none -m "not long" $(ENDING)=240

test-long: .venv/.provisioned ## run the tests that take minutes: fuzz campaigns, crash rounds, load
	@$(BIN)/python tests/provision.py --report
	@$(BIN)/pytest -q -m long $(ENDING)=3600

check: .venv/.provisioned ## check format, lint, types, import rules and fast tests (aim: under 30 seconds)
	@$(MAKE) -j2 $(SYNC) check-style check-rest check-core

check-style:
	@$(BIN)/ruff format --check --quiet . || { echo "run make format to correct this"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary

# About half of the seconds each. Two sessions collect their own tests only.
CORE := tests/collab tests/sdk tests/storage tests/weft

check-core:
	@$(BIN)/pytest $(FAST) $(CORE)

check-rest:
	@$(BIN)/pytest $(FAST) $(addprefix --ignore=,$(CORE))

format: .venv/.provisioned ## format the code, and fix what the linter can fix
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

sdk: .venv/.provisioned ## make the generated files for browsers again: the served SDK and its types, the scripts of the pages
	@node tests/node/build_sdk.mjs --write
	@cd tests/node && node build_tools.mjs --write

sdk-search: .venv/.provisioned ## find shorter names and a better order for the browser SDK (minutes; TRIES=2000)
	@node tests/node/search_sdk.mjs $(or $(TRIES),2000)
	@node tests/node/build_sdk.mjs --write

mutants: .venv/.provisioned ## break the code in small ways, and list the changes that no fast test notices (45 minutes; ONLY=package)
	@$(BIN)/pip install -qq --constraint constraints.txt --editable '.[mutants]'
	@$(BIN)/python -m tests.mutants $(ONLY)

smoke: .venv/.installed ## start Weft on a free port, make one edit, read it back, stop
	@$(BIN)/python tests/smoke.py

bench: .venv/.provisioned ## run the short benches, in five minutes: print tables, write bench/results/*.json (ONLY=name runs one)
	@$(BIN)/python -m bench $(or $(ONLY),--short)

bench-all: .venv/.provisioned ## run all benches, also the long ones beside other servers (an hour)
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.page

clean: ## remove the files that these commands made (the database in var/ stays)
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/node/node_modules bench/peers/node/node_modules var/bench
	@find bench collab server storage tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- files that the commands need; make builds each again only when its sources have changed ---

PYTHON_NEEDED := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))

.venv/bin/python:
	@for python in $${PYTHON:-} python3 python3.13 python3.12 python3.11; do \
	  if "$$python" -c '$(PYTHON_NEEDED)' 2>/dev/null; then \
	    echo "Making .venv with $$("$$python" --version)"; \
	    exec "$$python" -m venv .venv; \
	  fi; \
	done; \
	echo "Weft needs Python 3.11 or newer with the venv module (Debian: python3-venv)."; \
	echo "Tried: $${PYTHON:+$$PYTHON }python3 python3.13 python3.12 python3.11. Name another with PYTHON=/path/to/python."; \
	exit 1

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing Weft into .venv"
	@$(BIN)/pip install -qq --constraint constraints.txt --editable '.[postgres]'
	@touch $@

.venv/.provisioned: .venv/.installed tests/provision.py tests/node/package-lock.json bench/load/requirements.txt bench/k6/requirements.txt
	@echo "Setting up what the tests need"
	@$(BIN)/python tests/provision.py
	@touch $@
