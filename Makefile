# make serve    a virtual environment with everything in it, then the service on http://127.0.0.1:8000
# make test     the checks and tests that CI runs
# make lock     constraints.txt with digests, from which the image is installed: after every change of a dependency
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
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --constraint constraints.txt --custom-compile-command "make lock"

.PHONY: install lock serve test

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

# First PyTorch and all below it, then the rest, without PyTorch and CUDA, which there is another build for.
lock: $(BIN)/uv
	echo torch | $(LOCK) --output-file requirements-torch.lock -
	$(LOCK) --output-file requirements.lock --extra html --extra pdf --extra docx --extra mcp --extra milvus \
	    $$(sed -nE 's/^(torch|triton|(cuda|nvidia)-[a-z0-9-]+)==.*/--no-emit-package \1/p' requirements-torch.lock) \
	    pyproject.toml

$(BIN)/uv: constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) uv
	touch $@
