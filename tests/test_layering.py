"""The house: imports go one way, one heavy library lives in one file, no module is named after another."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("corpus", "embeddings", "service")
# embeddings/training is a workshop: it may use what it likes.
MODULES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "training" not in path.parts]
HEAVY = {
    "faiss": "embeddings/dense.py",
    "tantivy": "embeddings/lexical.py",
    "jieba": "embeddings/terms.py",
    "Stemmer": "embeddings/terms.py",
    "tokenizers": "embeddings/tokenizer.py",
    "sentence_transformers": "embeddings/encoder.py",
    "huggingface_hub": "embeddings/encoder.py",
    "opencc": "corpus/folding.py",
    "pypinyin": "corpus/cleaning.py",
    "charset_normalizer": "corpus/decoding.py",
    "mcp": "service/doors/mcp_server.py",
    "rapidfuzz": "corpus/alignment.py",
    "apsw": "corpus/database.py",
    "pymilvus": "corpus/milvus.py",
}
# Whoever does not use them should not wait for them.
LATE = {"httpx2", "huggingface_hub", "jieba", "pymilvus", "pypinyin", "rich", "sentence_transformers"}
# A command imports what the others have no use for.
COMMANDS = ("service/__main__.py", "service/doors/cli.py")


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """(top-level module, whether the import stands at the top of the file)."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
        yield from ((name.partition(".")[0], node in tree.body) for name in names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way_and_stand_at_the_top(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    room = ROOMS.index(place.partition("/")[0])
    for name, at_top in imported(path):
        assert name not in ROOMS[room + 1 :], f"{path} imports {name}, which is built on it"
        assert at_top or name in LATE or place in COMMANDS, f"{path}: late import of {name}"
        assert HEAVY.get(name, place) == place, f"{name} in {path}"


def test_only_the_doors_and_the_assembly_know_the_web() -> None:
    web = {"fastapi", "starlette", "pydantic", "typer", "uvicorn", "rich"}
    for path in MODULES:
        if "doors" not in path.parts and path.name != "app.py":
            assert not web & {name for name, _ in imported(path)}, path


def test_no_module_shadows_another() -> None:
    taken = sys.stdlib_module_names | {name for path in MODULES for name, _ in imported(path)} - set(ROOMS)
    assert [path for path in MODULES if path.stem in taken] == []


def test_modules_and_functions_stay_short() -> None:
    for path in MODULES:
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= 300, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, f"{path}: {node.name}"


def test_every_module_says_what_it_is() -> None:
    assert [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_who_only_asks_waits_for_no_web() -> None:
    """Importing it would take half as long as all the rest."""
    found = "import sys, service.doors.cli; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    held = subprocess.run([sys.executable, "-c", found], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"fastapi", "starlette", "uvicorn", "torch", "mcp", "prometheus_client"} & {*held.stdout.split()}
