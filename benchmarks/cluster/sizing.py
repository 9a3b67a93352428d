"""What a cluster needs for many passages, worked out from what was measured of few."""

from collections.abc import Mapping
from typing import Any

_LINKS = 2 * 32 * 4 + 8  # bytes of HNSW's graph for each vector: M is 32, both ways on the lowest layer
_POSTING = 8  # bytes of a term in an entry, of an inverted index or a sparse vector
_WORD = 17  # characters of a term in the text that BM25 is made of
_NODE = 64e9  # bytes of memory of a query node, of which a quarter is left free
_SIZES = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)


def table(costs: Mapping[str, Any]) -> str:
    """Memory and disk of the engine, disk and time of the process that takes documents in."""
    rows, passages, records = (costs["bytes"][name] for name in ("rows", "passages", "records"))
    each = {name: costs["entries"][name] / costs["passages"] for name in costs["entries"]}
    vector = rows["vector"] + _LINKS
    # Terms, words, documents, language, draw, and what tells when an entry counts, each with an inverted index.
    indexed = rows["term_ids"] + rows["word_ids"] + rows["documents"] + rows["language"] + 4 * 8
    trigrams = passages["held"] / 3  # letters of its text, about; every one begins a trigram
    sparse = (rows["term_ids"] / 8 + trigrams) * _POSTING
    memory = each["rows"] * (vector + indexed + sparse)
    words = rows["term_ids"] / 8 * _WORD + trigrams * _WORD
    scalars = each["rows"] * sum(rows.values()) + each["passages"] * sum(passages.values()) + words
    scalars += each["records"] * sum(records.values())
    lines = [
        f"\nof a passage: {memory:,.0f} bytes in the memory of query nodes, of which its vector {vector:,.0f};"
        f" {scalars:,.0f} bytes mapped from their disks, and in the object store",
        f"{'passages':>14}{'memory, GB':>12}{'nodes':>8}{'disk, GB':>12}{'store, GB':>12}{'taken in, h':>14}",
    ]
    for count in _SIZES:
        nodes = -(-count * memory // (0.75 * _NODE))
        store, hours = costs["disk_store_mb"] / 1e3 * count / costs["passages"], count / costs["taken_in_per_s"] / 3600
        lines.append(
            f"{count:>14,}{count * memory / 1e9:>12,.0f}{nodes:>8,.0f}{count * scalars / 1e9:>12,.0f}"
            f"{store:>12,.0f}{hours:>14,.1f}"
        )
    return "\n".join([*lines, ""])
