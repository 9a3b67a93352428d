"""Should the token vectors that late interaction needs be mapped from disk, or recomputed for each question?

    python -m benchmarks.token_vectors DATA [--passages 100000]

DATA is a data folder with an index in it; only its rows are read. Their sentences, two to four at random, make the
passages. What the product keeps of those (`writing_tokens`: ids of the static encoder's tokens) and, for comparison,
the vectors themselves in float16 are written to a temporary folder. Then 20 times 300 random passages, the candidates
of one question, become `Units` in four ways, in turns, on one thread, with their pages in the page cache: best and
median time. Bytes on disk are beside the text, which is kept anyway. Faults are pages that had to be read from disk
after all. If the vectors would take more than 12 GB, or more than half of the free disk, there are fewer passages.
"""

import argparse
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.progress import track

from corpus.sentences import sentences
from embeddings.encoder import Encoder, Tokens, open_encoder, unit
from embeddings.glossary import BUILT_IN, Glossary, load
from embeddings.publication import current
from embeddings.rows import Rows
from embeddings.tokens import Piece, TokenStore, Units, pieces, units_of, writing_tokens

ROUNDS, CANDIDATES, BATCH, LIMIT = 20, 300, 256, 12e9
WAYS = ("from text", "from text, sentences and concepts kept", "token ids mapped", "float16 vectors mapped")


def main(data: Path, wanted: int) -> None:
    encoder, names, rng = open_encoder(), load(BUILT_IN), np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        passages = recombined(data, wanted, rng)
        tokens = np.mean([len(held.spans) for held in encoder.encode_tokens(passages[:1000])])
        room = min(LIMIT, shutil.disk_usage(temporary).free / 2)
        passages = passages[: int(room / (tokens * encoder.dimension * 2))]
        ids, vectors = (Path(tempfile.mkdtemp(dir=temporary)) for _ in range(2))
        write(ids, vectors, passages, encoder, names)
        # Mapped twice: one pair reads each round's rows into the page cache, the other is timed.
        mapped, kept = (TokenStore(ids, encoder.dimension, encoder.table) for _ in range(2))
        whole, cached = (TokenStore(vectors, encoder.dimension, None) for _ in range(2))
        times, faults = [list[float]() for _ in WAYS], [0 for _ in WAYS]
        for number in track(range(ROUNDS), "asking", console=Console(stderr=True)):
            rows = sorted(rng.choice(len(passages), CANDIDATES, replace=False).tolist())
            texts, known, _ = [passages[row] for row in rows], kept.units(rows), cached.units(rows)
            for way in np.roll(range(len(WAYS)), number).tolist():
                before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_majflt, perf_counter()
                if way < 2:
                    held = recomputed(texts, encoder, names if way == 0 else known)
                else:
                    held = (mapped if way == 2 else whole).units(rows)
                times[way].append((perf_counter() - begun) * 1000)
                faults[way] += resource.getrusage(resource.RUSAGE_SELF).ru_majflt - before
                assert same(held, known), f"{WAYS[way]}: other units"
        of_ids, of_vectors = (sum(path.stat().st_size for path in folder.iterdir()) for folder in (ids, vectors))
        disk = (0, of_ids - (ids / "tokens.bin").stat().st_size, of_ids, of_vectors)
    fewer = f" (not {wanted}: too little disk for the vectors)" if len(passages) < wanted else ""
    sys.stdout.write(f"{len(passages)} passages{fewer} of about {tokens:.0f} tokens; {CANDIDATES} of them:\n")
    sys.stdout.write(f"{'':40}{'best, ms':>10}{'median, ms':>12}{'ratio':>8}{'disk, B/passage':>17}{'faults':>8}\n")
    for way, taken in enumerate(times):
        cells = f"{min(taken):10.1f}{median(taken):12.1f}{median(taken) / median(times[2]):8.2f}"
        sys.stdout.write(f"{WAYS[way]:40}{cells}{disk[way] / len(passages):17,.0f}{faults[way]:8d}\n")


def recombined(data: Path, count: int, rng: np.random.Generator) -> list[str]:
    """Passages of two to four sentences from the rows of the index in `data`. Opening the index would write locks."""
    indexes = data / "indexes"
    rows = (row for segment in current(indexes).segments for row in Rows(indexes / segment.name))
    pool = [span.of(row.text) for row in rows for span in sentences(row.text)]
    return [" ".join(pool[at] for at in rng.integers(len(pool), size=rng.integers(2, 5))) for _ in range(count)]


def write(ids: Path, vectors: Path, passages: Sequence[str], encoder: Encoder, names: Glossary) -> None:
    """Write what each folder is to hold."""
    (untitled,) = encoder.encode_tokens([""])
    with writing_tokens(ids) as add_ids, writing_tokens(vectors) as add_vectors:
        for start in track(range(0, len(passages), BATCH), "writing", console=Console(stderr=True)):
            texts = passages[start : start + BATCH]
            for text, tokens in zip(texts, encoder.encode_tokens(texts), strict=True):
                mentions = names.mentions(text)
                add_ids(pieces(text, tokens, mentions, untitled))
                add_vectors(pieces(text, replace(tokens, ids=None), mentions, untitled))
    os.sync()  # else the last gigabytes are written while the clock runs


def recomputed(texts: Sequence[str], encoder: Encoder, names: Glossary | Units) -> Units:
    """The units of `texts`; if there are units to take sentences and concepts from, only the vectors are computed."""
    encoded = encoder.encode_tokens(texts)
    if not isinstance(names, Glossary):
        places = names.places.copy()
        places[places >= 0] = np.arange((places >= 0).sum())
        return replace(names, vectors=unit(np.concatenate([tokens.vectors for tokens in encoded])), places=places)
    held = [_pieces(text, tokens, names) for text, tokens in zip(texts, encoded, strict=True)]
    return units_of(held, encoder.dimension, None)


def _pieces(text: str, tokens: Tokens, names: Glossary) -> tuple[Piece, ...]:
    """With its vectors instead of their ids."""
    worded = replace(tokens, ids=None)
    return pieces(text, worded, names.mentions(text), replace(worded, spans=()))


def same(held: Units, known: Units) -> bool:
    """Equal but for what float16 rounds, and for how often a vector is held."""
    one, other = (units.vectors[units.places[units.places >= 0]] for units in (held, known))
    kinds = all(np.array_equal(getattr(held, name), getattr(known, name)) for name in ("starts", "spans", "edges"))
    return kinds and np.allclose(one, other, atol=1e-3)


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--passages", type=int, default=100_000)
    arguments = parser.parse_args()
    main(arguments.data, arguments.passages)
