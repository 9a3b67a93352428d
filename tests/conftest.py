"""Shared parts, all real: the five files, the built-in model, an index built from them, the service over it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from service.app import create_app
from service.collection import Collection
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings


@pytest.fixture(scope="session")
def statements() -> dict[str, str]:
    """The raw text of the five files by document id."""
    return {path.stem: path.read_bytes().decode() for path in sorted(BUILT_IN.glob("*.txt"))}


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """The built-in statements, ingested and indexed with the built-in model."""
    built = Collection(Settings(data=tmp_path_factory.mktemp("data")))
    assert [report.problem for report in ingest(built.store, [BUILT_IN])] == [None] * 5
    assert built.build_index()
    return built


@pytest.fixture(scope="session")
def client(collection: Collection) -> Iterator[TestClient]:
    with TestClient(create_app(collection), base_url="http://127.0.0.1:8000") as opened:
        yield opened


@pytest.fixture(scope="session")
def serving() -> Callable[[Collection], AbstractContextManager[str]]:
    """A real server over a collection, on a free port, for as long as the context lasts; its address."""

    @contextmanager
    def serving(collection: Collection) -> Iterator[str]:
        server = uvicorn.Server(uvicorn.Config(create_app(collection), port=0, lifespan="on", log_level="warning"))
        started = threading.Event()
        startup = server.startup

        async def announced(*arguments: object, **named: object) -> None:
            await startup(*arguments, **named)  # type: ignore[arg-type]
            started.set()

        server.startup = announced  # type: ignore[method-assign]
        thread = threading.Thread(target=server.run)
        thread.start()
        assert started.wait(60)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        try:
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            thread.join()

    return serving


@pytest.fixture(scope="session")
def served(serving: Callable[[Collection], AbstractContextManager[str]], collection: Collection) -> Iterator[str]:
    """The built-in statements behind a real server."""
    with serving(collection) as address:
        yield address


@pytest.fixture(scope="session")
def quality() -> Path:
    return Path(__file__).parent / "quality"


@pytest.fixture(scope="session")
def character_tokenizer() -> Callable[[Iterable[str]], PreTrainedTokenizerFast]:
    """A BERT tokenizer, for one text or a pair, whose tokens are the given characters: for tiny transformers."""

    def tokenizer(characters: Iterable[str]) -> PreTrainedTokenizerFast:
        vocabulary = {token: at for at, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *characters])}
        held = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        held.pre_tokenizer = pre_tokenizers.Split("", "isolated")
        held.post_processor = processors.TemplateProcessing(
            "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)]
        )
        names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")}
        return PreTrainedTokenizerFast(tokenizer_object=held, **names)  # type: ignore[no-untyped-call]

    return tokenizer
