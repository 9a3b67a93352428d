"""Should the token vectors that late interaction needs be mapped from disk, or recomputed for each question?

    python -m benchmarks.token_vectors DATA [--passages 100000]

DATA is a data folder with an index in it; only its rows are read. Their sentences, two to four at random, make the
passages. What the product keeps of those (`writing_tokens`: ids of the static encoder's tokens) and, for comparison,
the vectors themselves in float16 are written to a temporary folder. Then 20 times 300 random passages, the candidates
of one question, become `Units` in four ways, in turns, on one thread, with the page cache warm: best and median time.
Bytes on disk are beside the text, which is kept anyway. If the vectors would take more than 12 GB, or more than half
of the free disk, there are fewer passages.
"""

import argparse
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.progress import track

from corpus.sentences import sentences
from embeddings import glossary
from embeddings.encoder import Encoder, open_encoder
from embeddings.glossary import Glossary
from embeddings.publication import current_name
from embeddings.rows import read_rows
from embeddings.tokens import TokenStore, Units, cut, unit, writing_tokens

ROUNDS, CANDIDATES, BATCH, LIMIT = 20, 300, 256, 12_000_000_000
PIECE = 1 << 24  # bytes read at once
WAYS = (
    "recomputed from text",
    "recomputed, sentences and concepts kept",
    "token ids mapped, vectors looked up",
    "float16 vectors mapped",
)


def main(data: Path, wanted: int) -> None:
    encoder, names = open_encoder(), glossary.load(glossary.BUILT_IN)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        ids, vectors = Path(temporary, "ids"), Path(temporary, "vectors")
        passages = recombined(data, wanted, rng)
        sample = encoder.encode_tokens(passages[:1000])
        each = sum(len(tokens.spans) for tokens in sample) / len(sample) * encoder.dimension * 2
        passages = passages[: int(min(LIMIT, shutil.disk_usage(temporary).free / 2) / each)]
        write(ids, vectors, passages, encoder, names)
        kept, mapped = (TokenStore(ids, encoder.dimension, encoder.table) for _ in range(2))
        whole = TokenStore(vectors, encoder.dimension, None)
        times: dict[str, list[float]] = {way: [] for way in WAYS}
        faults = 0
        for number in track(range(ROUNDS), "rounds", console=Console(stderr=True)):
            rows = sorted(rng.choice(len(passages), CANDIDATES, replace=False).tolist())
            texts, known = [passages[row] for row in rows], kept.units(rows)
            actions = (
                lambda texts=texts: recomputed(texts, encoder, names),
                lambda texts=texts, known=known: partly_recomputed(texts, known, encoder),
                lambda rows=rows: mapped.units(rows),
                lambda rows=rows: whole.units(rows),
            )
            for at in np.roll(range(len(WAYS)), number).tolist():
                before = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
                held, taken = timed(actions[at])
                faults += resource.getrusage(resource.RUSAGE_SELF).ru_majflt - before
                times[WAYS[at]].append(taken)
                assert all(map(same, held, known)), f"{WAYS[at]}: other units"
        of_ids = size(ids)
        sizes = dict(zip(WAYS, (0, of_ids - (ids / "tokens.bin").stat().st_size, of_ids, size(vectors)), strict=True))
    report(times, {way: held / len(passages) for way, held in sizes.items()})
    fewer = "" if len(passages) == wanted else f", not {wanted}: the vectors would take too much disk"
    sys.stdout.write(f"{len(passages)} passages{fewer}; {each / encoder.dimension / 2:.0f} tokens each; ")
    sys.stdout.write(f"{faults} page faults read the disk while the clock ran\n")


def recombined(data: Path, count: int, rng: np.random.Generator) -> list[str]:
    """Passages of two to four sentences from the rows of the index in `data`. Opening the index would write locks."""
    folder = data / "indexes" / (current_name(data / "indexes") or "none: run `yinju ingest`")
    pool = [span.of(row.text) for row in read_rows(folder / "rows.jsonl") for span in sentences(row.text)]
    lengths = rng.integers(2, 5, count).tolist()
    return [" ".join(pool[at] for at in rng.integers(len(pool), size=length).tolist()) for length in lengths]


def write(ids: Path, vectors: Path, passages: Sequence[str], encoder: Encoder, names: Glossary) -> None:
    """Write what each folder is to hold, then read it, so that it is in the page cache."""
    ids.mkdir()
    vectors.mkdir()
    with writing_tokens(ids) as add_ids, writing_tokens(vectors) as add_vectors:
        for start in track(range(0, len(passages), BATCH), "writing", console=Console(stderr=True)):
            texts = passages[start : start + BATCH]
            for text, tokens in zip(texts, encoder.encode_tokens(texts), strict=True):
                mentions = names.mentions(text)
                add_ids(text, tokens, mentions)
                add_vectors(text, replace(tokens, ids=None), mentions)
    for path in [*ids.iterdir(), *vectors.iterdir()]:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            while file.read(PIECE):
                pass


def recomputed(texts: Sequence[str], encoder: Encoder, names: Glossary) -> list[Units]:
    units = []
    for text, tokens in zip(texts, encoder.encode_tokens(texts), strict=True):
        held = list(cut(text, tokens, names.mentions(text)))
        starts = np.cumsum([0, *(len(sentence.tokens) for sentence in held)])[:-1].tolist()
        vectors = unit(tokens.vectors[[at for sentence in held for at in sentence.tokens]])
        spans, concepts = tuple(sentence.span for sentence in held), tuple(sentence.concepts for sentence in held)
        units.append(Units(vectors, tuple(starts), spans, concepts))
    return units


def partly_recomputed(texts: Sequence[str], known: Sequence[Units], encoder: Encoder) -> list[Units]:
    encoded = encoder.encode_tokens(texts)
    return [replace(held, vectors=unit(tokens.vectors)) for held, tokens in zip(known, encoded, strict=True)]


def same(held: Units, known: Units) -> bool:
    """Equal but for what float16 rounds."""
    return held == replace(known, vectors=held.vectors) and np.allclose(held.vectors, known.vectors, atol=1e-3)


def timed(action: Callable[[], list[Units]]) -> tuple[list[Units], float]:
    """What `action` gives, and the milliseconds it takes."""
    begun = perf_counter()
    held = action()
    return held, (perf_counter() - begun) * 1000


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def report(times: dict[str, list[float]], sizes: dict[str, float]) -> None:
    sys.stdout.write(f"{'':42}{'best, ms':>10}{'median, ms':>12}{'ratio':>8}{'bytes/passage':>15}\n")
    for way, held in times.items():
        ratio = median(held) / median(times[WAYS[2]])
        sys.stdout.write(f"{way:42}{min(held):10.1f}{median(held):12.1f}{ratio:8.2f}{sizes[way]:15,.0f}\n")


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--passages", type=int, default=100_000)
    arguments = parser.parse_args()
    main(arguments.data, arguments.passages)
