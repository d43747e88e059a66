# A list of commands; whatever has logic lives in Python.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COURSE ?= course

.PHONY: help demo test lab wheel docs bench checkmate scoreboard matrix future lint format clean

help:
	@echo "make demo    release, collect, grade, feedback, report on a sample class (build/demo)"
	@echo "make test    all tests"
	@echo "make lab     JupyterLab on the student versions"
	@echo "make wheel   helpers as a wheel (dist); it holds the loss: hand it out after the seminar"
	@echo "make docs    the site: guides, gallery of live lattices, reference (build/site)"
	@echo "make bench   speed against named baselines (benchmarks/results.json)"
	@echo "make checkmate  check the checks: mutants and right solutions against them (docs/checks.md)"
	@echo "make scoreboard  attacks and damaged files through nbgrader, otter-grader and this grader (20 minutes)"
	@echo "make matrix  the quick tests on the oldest and newest Python and torch (build/versions; hours and gigabytes)"
	@echo "make future  the quick tests and both notebooks with the newest release of everything"
	@echo "make lint    ruff, check only;  make format: ruff, rewrite"

demo: $(READY)
	$(BIN)/python -m autograder demo

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile

lab: $(READY)
	$(BIN)/python -m autograder release seminar4 --course $(COURSE)
	$(BIN)/python -m autograder release homework3 --course $(COURSE)
	$(BIN)/jupyter lab --notebook-dir $(COURSE)/handout $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB)

wheel: $(READY)
	$(BIN)/python -m autograder wheel homework3

docs: $(READY)
	$(BIN)/python -m data_scripts.make_site

bench: $(READY)
	$(BIN)/python -m benchmarks

checkmate: $(READY)
	$(BIN)/python -m benchmarks.checkmate

scoreboard: $(READY)
	$(BIN)/python -m benchmarks.scoreboard

matrix: $(READY)
	$(BIN)/python -m versions matrix

future: $(READY)
	$(BIN)/python -m versions future

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf build $(VENV) .pytest_cache .ruff_cache *.egg-info

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "This needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "This Python cannot make virtual environments. On Debian or Ubuntu, as root: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -e '.[dev]'
	@touch $(READY)
