"""Shared parts, all real: the five files, the built-in model, an index built from them, the service, a browser."""

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from service.app import create_app
from service.collection import Collection
from service.doors.serving import HTTP
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings

CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


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
    # With an id of their own, replies to the same request are alike.
    with TestClient(create_app(collection), base_url="http://127.0.0.1:8000", headers={"x-request-id": "1"}) as opened:
        opened.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # no test chooses a language for another
        yield opened


@pytest.fixture(scope="session")
def serving() -> Callable[[Collection], AbstractContextManager[str]]:
    """A real server over a collection, on a free port, for as long as the context lasts; its address."""

    @contextmanager
    def serving(collection: Collection) -> Iterator[str]:
        server = uvicorn.Server(uvicorn.Config(create_app(collection), port=0, lifespan="on", **HTTP))
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


@pytest.fixture(scope="session")
def transformer(
    tmp_path_factory: pytest.TempPathFactory,
    character_tokenizer: Callable[[Iterable[str]], PreTrainedTokenizerFast],
) -> Path:
    """A tiny BERT with random weights, saved as a sentence-transformers folder with prompts."""
    # Seconds, for which few tests should have to wait.
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("transformer")
    fast = character_tokenizer(map(chr, [*range(0x21, 0x7F), *range(0x400, 0x460), *range(0x4E00, 0xA000)]))
    config = BertConfig(
        vocab_size=len(fast),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(folder / "bert")
    fast.save_pretrained(folder / "bert")
    word = Transformer(str(folder / "bert"), max_seq_length=96)
    pooling = Pooling(word.get_embedding_dimension())
    model = SentenceTransformer(modules=[word, pooling], prompts={"query": "问", "document": ""}, device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="module")  # Playwright's loop holds the thread, so no later module could run one of its own
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Without it what needs it is skipped, or fails if CI_REQUIRES_BROWSER is set."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing = "no browser: install Chromium"
        if os.environ.get("CI_REQUIRES_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address in a window of its own, English unless `locale` says otherwise; the rest is Playwright's.

    Whatever the browser complains about, a breach of the page's policy among it, fails the test, but for `excused`.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def opened(address: str, excused: str | None = None, **settings: Any) -> Page:
        # On a busy machine a page that still glides may pause, and then a click would land beside what it meant.
        context = browser.new_context(**{"locale": "en-GB", "reduced_motion": "reduce", **settings})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: None if excused and excused in message.text else heard(message))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
