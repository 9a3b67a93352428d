"""What it is worth to encode the questions of many threads together: a transformer beside itself, in turns."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from embeddings.batching import Batched
from embeddings.encoder import BUILT_IN, Encoder, TransformerEncoder

LAYERS, WIDTH, HEADS = 4, 312, 12
THREADS, ROUNDS, EACH = (1, 4, 16), 5, 100  # questions in a turn


def batching(questions: Sequence[str]) -> dict[str, dict[str, float]]:
    """By threads: questions encoded a second, one after the other and batched, in the median of the rounds; the ratio.

    What is encoded for one is what a search encodes: its vector twice, and its tokens twice. The weights are random.
    """
    logging.disable(logging.WARNING)
    with TemporaryDirectory() as scratch:
        encoder = TransformerEncoder(str(_made(Path(scratch))))
    ways = {"one after the other": _one_by_one(encoder), "batched": _asked_of(Batched(encoder))}
    held, left = {}, cycle(questions)
    for threads in THREADS:
        rates: dict[str, list[float]] = {way: [] for way in ways}
        for way, asked in list(ways.items()) * ROUNDS:
            rates[way].append(_rate(asked, threads, list(islice(left, EACH))))
        rate = {way: median(taken) for way, taken in rates.items()}
        held[f"{threads} threads"] = {**rate, "ratio": rate["batched"] / rate["one after the other"]}
    return held


def _made(folder: Path) -> Path:
    """A BERT with the built-in model's tokenizer, as a sentence-transformers folder."""
    tokenizer = Tokenizer.from_file(str(BUILT_IN / "tokenizer.json"))
    names = dict.fromkeys(("pad_token", "unk_token"), tokenizer.id_to_token(0))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)  # type: ignore[no-untyped-call]
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=4 * WIDTH,
    )
    BertModel(config).save_pretrained(folder / "bert")
    fast.save_pretrained(folder / "bert")
    word = Transformer(str(folder / "bert"), max_seq_length=256)
    pooling = Pooling(word.get_embedding_dimension())
    SentenceTransformer(modules=[word, pooling], device="cpu").save(str(folder / "model"))
    return folder / "model"


def _asked_of(encoder: Encoder) -> Callable[[str], None]:
    def ask(question: str) -> None:
        encoder.encode_query([question, question])
        encoder.encode_tokens([question])
        encoder.encode_tokens([question])

    return ask


def _one_by_one(encoder: Encoder) -> Callable[[str], None]:
    """Two at once would spoil each other."""
    lock = threading.Lock()
    calls: list[Callable[[str], object]] = [
        lambda question: encoder.encode_query([question, question]),
        *[lambda question: encoder.encode_tokens([question])] * 2,
    ]

    def ask(question: str) -> None:
        for call in calls:
            with lock:
                call(question)

    return ask


def _rate(ask: Callable[[str], None], threads: int, questions: Sequence[str]) -> float:
    with ThreadPoolExecutor(threads) as pool:
        begun = perf_counter()
        list(pool.map(ask, questions))
        return len(questions) / (perf_counter() - begun)
