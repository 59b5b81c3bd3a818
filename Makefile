# Everything happens in .venv, build and the caches of the tools; nothing is installed elsewhere.
# `make PYTHON=/path/to/python3` chooses the Python that .venv is made with.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PYTHONUTF8 := 1
# Hundreds of processes are started, and each would compile the program for itself.
unexport PYTHONDONTWRITEBYTECODE

IN_VENV := .venv/bin/python
WITH := $(IN_VENV) -m
INSTALL := $(WITH) pip install --quiet --constraint constraints.txt
JOBS := 2
DEMO_DATE := 2026-03-02

.PHONY: help demo web native test test-thorough lint layout types pytest bench pictures docs sbom format clean

help:
	@echo "make demo    a year of made-up records, and the audit of it: what a person sees"
	@echo "make web     the web application on a made-up hospital"
	@echo "make test    what guards every change: lint, types, imports, tests"
	@echo "make test-thorough   the tests that take hours: every kill, every generated protocol"
	@echo "make lint    the quick part of it: ruff, mypy and import-linter"
	@echo "make format  let ruff lay out the code"
	@echo "make bench   measurements, side by side"
	@echo "make pictures   screenshots of every kind of page, for docs/reports.md"
	@echo "make docs    the documentation as a site, in build/docs; broken links are errors"
	@echo "make sbom    what the container holds, as CycloneDX, in build/sbom.cdx.json"
	@echo "make clean   remove what the others made, .venv included"

# A stamp is made anew when a dependency changes, or when .venv was removed.
.venv/made: scripts/venv.sh
	@sh scripts/venv.sh .venv
	@touch $@

.venv/installed: .venv/made pyproject.toml setup.py constraints.txt
	@echo "Installing qi-checker into .venv (a minute or two, once)"
	@$(INSTALL) "setuptools>=77"
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "Installing what the tests need"
	@$(INSTALL) --no-build-isolation --editable ".[dev]"
	@touch $@

# Libraries of the system are none of pip's business, and may be gone while .venv is still there.
native: .venv/installed-dev
	@sh scripts/native.sh $(IN_VENV)
	@sh scripts/browser.sh
	@sh scripts/postgres.sh
	@sh scripts/spark.sh

sbom: .venv/installed-dev
	@$(WITH) scripts.sbom

demo: .venv/installed
	@rm -rf build/demo-data
	@$(WITH) qi_checker demo --out build/demo-data >/dev/null
	@$(WITH) qi_checker audit --data build/demo-data --as-of $(DEMO_DATE) --out build/demo-audit

.venv/installed-web: .venv/installed
	@echo "Installing the web application"
	@$(INSTALL) --no-build-isolation --editable ".[web]"
	@touch $@

web: .venv/installed-web
	@$(WITH) qi_checker serve --demo $(ARGS)

# The types are checked beside the tests: for a quarter of a minute they would leave a processor idle.
test: layout native
	@$(MAKE) -j 2 types pytest

lint: layout types

layout: .venv/installed-dev
	@echo "ruff"
	@$(WITH) ruff check --quiet .
	@$(WITH) ruff format --check --quiet . || { echo "make format lays it out"; exit 1; }

types: .venv/installed-dev
	@mkdir -p build
	@echo "mypy and import-linter"
	@$(WITH) mypy --no-error-summary
	@$(IN_VENV) -c 'from importlinter.cli import lint_imports_command as run; run()' --no-logo \
		> build/imports.txt || { cat build/imports.txt; exit 1; }

# Tests that run make do not share the jobs of this one.
pytest: native
	@MAKEFLAGS= sh scripts/in_memory.sh $(WITH) pytest --quiet -n $(JOBS) $(ARGS)

# What is left out of `make test`; DEVELOPERS.md lists it. ARGS="-k kills" runs a part.
test-thorough: native
	@sh scripts/in_memory.sh $(WITH) pytest --quiet -n $(JOBS) -m thorough $(ARGS)

.venv/installed-bench: .venv/installed-dev
	@echo "Installing what is measured beside it"
	@$(INSTALL) --no-build-isolation --editable ".[dev,bench]"
	@touch $@

bench: .venv/installed-bench
	@$(WITH) benchmarks.run $(ARGS)

pictures: native
	@$(WITH) scripts.pictures

docs: .venv/installed-dev
	@.venv/bin/zensical build --strict --clean
	@echo "Open build/docs/index.html"

format: .venv/installed-dev
	@$(WITH) ruff check --quiet --fix .
	@$(WITH) ruff format .

clean:
	rm -rf .venv build dist *.egg-info .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
