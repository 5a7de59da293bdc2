# `make run` and `make test` need nothing but python3 (3.11 or newer, with venv) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench bench-extract bench-feeds bench-polls bench-hosts bench-downloads bench-archive proof-kill model actors clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/run ## Crawl the demo newsroom and print its digest
	$(BIN)/spywire demo

test: $(VENV)/dev ## Run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/dev ## ruff, mypy strict, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/dev ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/dev ## Articles/s of a whole crawl against stock trafilatura and the naive script
	$(BIN)/python -m tests.bench.crawl

bench-archive: $(VENV)/dev ## Near-duplicates, stories and search at a hundred thousand and a million articles
	$(BIN)/python -m tests.bench.archive 100000 1000000

bench-extract: $(VENV)/dev ## Extraction accuracy and cost against stock trafilatura
	$(BIN)/python -m tests.bench.extract

bench-feeds: $(VENV)/dev ## Feed parsing against feedparser
	$(BIN)/python -m tests.bench.feeds

bench-polls: $(VENV)/dev ## A simulated week of polling against a look every 15 minutes
	$(BIN)/python -m tests.bench.polls

bench-hosts: $(VENV)/dev ## What a crawl costs when nothing is new: 1,000 and 10,000 hosts
	$(BIN)/python -m tests.bench.hosts 1000 10000

bench-downloads: $(VENV)/dev ## CPU for each page that is only downloaded
	$(BIN)/python -m tests.bench.downloads

proof-kill: $(VENV)/dev ## kill -9 at 100 random moments of a crawl of 2,000 links
	$(BIN)/python -m tests.bench.kill

actors: $(VENV)/dev ## Rebuild the table of names from the MISP galaxy's clusters in GALAXY=DIR
	@test -n "$(GALAXY)" || { echo "name the folder of the clusters: make actors GALAXY=DIR"; exit 2; }
	$(BIN)/python -m crawler.actors.build --galaxy $(GALAXY)

model: $(VENV)/dev ## Rebuild the packaged model from the labelled corpora in CORPORA=DIR
	@test -n "$(CORPORA)" || { echo "name the folder of the corpora: make model CORPORA=DIR"; exit 2; }
	$(BIN)/spywire train --corpus $(CORPORA)/train.jsonl.xz --dev $(CORPORA)/dev.jsonl.xz --out crawler/classify/model

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "spywire needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run: $(VENV)/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/dev: $(VENV)/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable '.[dev,misp,stix,train]'
	@touch $@ $(VENV)/run
