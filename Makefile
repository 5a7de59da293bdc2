# `make run` and `make test` need nothing but python3 (3.11 or newer, with venv) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench bench-extract bench-feeds bench-polls bench-hosts bench-downloads bench-archive bench-forms bench-writers proof-kill proof-year soak proof-outage man proof-outbox proof-zones model actors clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/run ## Crawl the demo newsroom and print its digest
	$(BIN)/spywire demo

test: $(VENV)/dev ## Run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

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

bench-forms: $(VENV)/dev ## Rendering 200 stories, and a year of editions as a site
	$(BIN)/python -m tests.bench.forms

bench-writers: $(VENV)/dev ## Four writers and a reader on one SQLite file, for two minutes
	$(BIN)/python -m tests.bench.writers --seconds 120

proof-outage: $(VENV)/dev ## PostgreSQL crashes in mid-crawl and stays away for 20 seconds
	$(BIN)/python -m tests.bench.outage --seconds 20

man: $(VENV)/run ## Write the manual page, spywire.1
	$(BIN)/python -m jobs.cli.manual > spywire.1

soak: $(VENV)/dev ## The daemon crawls the demo newsroom for five minutes: memory and descriptors stay flat
	$(BIN)/python -m tests.bench.soak

proof-year: $(VENV)/dev ## A simulated year of the scheduler: every job exactly as often as it is due
	$(BIN)/python -m tests.bench.year

proof-kill: $(VENV)/dev ## kill -9 at 200 random moments of a crawl of 2,000 links
	$(BIN)/python -m tests.bench.kill

proof-outbox: $(VENV)/dev ## kill -9 at 100 random moments of `digest send`
	$(BIN)/python -m tests.bench.outbox --peace
	$(BIN)/python -m tests.bench.outbox

proof-zones: $(VENV)/dev ## Two years of every time zone: one digest on each local day, no gap, no overlap
	$(BIN)/python -m tests.bench.zones

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
	$(PIP) install --constraint constraints.txt --editable '.[chat,dev,misp,stix,train]'
	@touch $@ $(VENV)/run
