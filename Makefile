# make serve    a virtual environment with everything in it, then the service on http://127.0.0.1:8000
# make test     the checks and tests that CI runs
#
# PORT=9000             serve on another port
# YINJU_DATA=folder     keep store and index elsewhere than in ./data
# EXTRAS=html,pdf       what else to install; milvus is for YINJU_INDEX
# TORCH_INDEX=url       an extra package index with CPU-only PyTorch wheels; without it pip's own choice is taken

PYTHON ?= python3
PORT ?= 8000
TORCH_INDEX ?=
EXTRAS ?= html,pdf,docx,mcp
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
    $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: install serve test

serve: install
	$(BIN)/yinju serve --port $(PORT)

test: .venv/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --editable ".[$(EXTRAS)]"
	touch $@

.venv/installed-test: .venv/installed
	$(PIP) --editable ".[$(EXTRAS),milvus,test]"
	touch $@
