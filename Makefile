# make run   create .venv, install, start the app
# make test  the same with the tests' requirements and a browser, then run all tests
# make soak  a class of thirty on one server for an hour: latency, memory, errors
# Without make:
#   python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
#   .venv/bin/python -m streamlit run app.py

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Modules are compiled when they are first imported: compiling all 300 MB of them takes two minutes.
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-compile

.PHONY: run test soak browser clean

run: $(VENV)/.installed
	$(BIN)/python -m streamlit run app.py $(ARGS)

test: $(VENV)/.installed-dev browser
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

soak: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.class_load --seconds 3600 --reload-every 120 --drag 1 --out class_soak.json $(ARGS)

# A stamp is younger than the requirements that it stands for, so nothing is installed twice.
$(VENV)/.installed: requirements.txt | $(BIN)/python
	@echo "Installing the requirements: about 6 GB, once"
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) -r requirements-dev.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The browser tests drive a real Chromium. Without one they are skipped, and CI fails.
browser:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	command -v apt-get >/dev/null || { echo "No Chromium and no apt: the browser tests will be skipped"; exit 0; }; \
	as_root=$$([ "$$(id -u)" = 0 ] || echo "sudo -n"); \
	{ $$as_root apt-get update -qq && $$as_root apt-get install -y -qq --no-install-recommends chromium; } \
		|| echo "Chromium could not be installed: the browser tests will be skipped"

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
