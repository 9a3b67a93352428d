"""Does a clause drown in a long paragraph? Questions about 300 to 500 characters of Chinese, by where the answer is.

    python -m benchmarks.long_passages DATA_FOLDER

DATA_FOLDER holds `qa_zh.tsv.gz` (DRCD and CMRC 2018: question, passage, set). The pool is all passages in it that the
built-in encoder was not trained on; a question counts if one sentence clearly holds most of its words. Each part of
the ranking orders the same candidates alone.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

from corpus.folding import fold
from corpus.sentences import sentences
from embeddings import glossary
from embeddings.encoder import open_encoder
from embeddings.index import Index, Query
from embeddings.metrics import recall_at, success_at_1
from embeddings.rows import Row
from embeddings.training.data import questions
from service.evaluation import PARTS

SHORTEST, LONGEST = 300, 500  # characters
CLEARLY = 0.15  # so much more of the question's character pairs than any other sentence


def main(folder: Path) -> None:
    held = questions(folder, held=True)
    pool = {passage: f"qa/{number}" for number, passage in enumerate(dict.fromkeys(q.passage for q in held))}
    rows = [Row((name,), (name,), passage) for passage, name in pool.items()]
    encoder, names = open_encoder(), glossary.load(glossary.BUILT_IN)
    figures: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as temporary:
        Index.build(Path(temporary), rows, encoder, names)
        index = Index.open(Path(temporary), encoder, names)
        for question in held:
            if SHORTEST <= len(question.passage) <= LONGEST:
                hits = index.search(Query(question.text), len(rows)).hits
                for place in places(question.text, question.passage):
                    for part, worth in PARTS.items():
                        ranked = [hit.row.paragraph[0] for hit in sorted(hits, key=worth, reverse=True)]
                        gold = {pool[question.passage]}
                        figures[place][part].append((success_at_1(ranked, gold), recall_at(5, ranked, gold)))
    sys.stdout.write(f"{len(pool)} passages; share of questions whose passage is first / among the first five\n")
    for place in ("first sentence", "in between", "last sentence", "anywhere"):
        cells = (
            f"{part} {fmean(a for a, _ in held):.3f}/{fmean(b for _, b in held):.3f}"
            for part, held in figures[place].items()
        )
        sys.stdout.write(f"{place:16s} n {len(figures[place]['all']):4d}  {'  '.join(cells)}\n")


def places(question: str, passage: str) -> Iterator[str]:
    """Where the answer stands, if that is clear."""
    spans = sentences(passage)
    shares = [share(question, span.of(passage)) for span in spans]
    best = max(shares)
    if len(shares) > 2 and sorted(shares)[-2] + CLEARLY <= best:
        at = shares.index(best)
        yield "first sentence" if at == 0 else "last sentence" if at == len(shares) - 1 else "in between"
        yield "anywhere"


def share(question: str, sentence: str) -> float:
    """The share of the question's character pairs that the sentence holds."""
    asked, held = (fold(text).text for text in (question, sentence))
    pairs = {asked[at : at + 2] for at in range(len(asked) - 1)}
    return len([pair for pair in pairs if pair in held]) / max(len(pairs), 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
