"""Does a clause drown in a long paragraph? Questions about 300 to 500 characters of Chinese, by where the answer is.

    python -m benchmarks.long_passages DATA_FOLDER

DATA_FOLDER holds `qa_zh.tsv.gz` (DRCD and CMRC 2018: question, passage, set). The pool is all passages in it that the
built-in encoder was not trained on; a question counts if one sentence clearly holds most of its words. Each part of
the ranking orders the same candidates alone.
"""

import sys
import tempfile
from pathlib import Path

from corpus.folding import fold
from corpus.sentences import sentences
from embeddings import glossary
from embeddings.encoder import open_encoder
from embeddings.growth import build
from embeddings.index import Index
from embeddings.rows import Row
from embeddings.training.data import questions
from service.calibration import ablation, judge
from service.evaluation import Case

SHORTEST, LONGEST = 300, 500  # characters
CLEARLY = 0.15  # so much more of the question's character pairs than any other sentence


def main(folder: Path) -> None:
    held = questions(folder, held=True)
    pool = {passage: f"qa/{number}" for number, passage in enumerate(dict.fromkeys(q.passage for q in held))}
    rows = [Row((name,), (name,), passage) for passage, name in pool.items()]
    cases = [
        Case("", where, question.text, frozenset({pool[question.passage]}))
        for question in held
        if SHORTEST <= len(question.passage) <= LONGEST and (where := place(question.text, question.passage))
    ]
    encoder, names = open_encoder(), glossary.load(glossary.BUILT_IN)
    with tempfile.TemporaryDirectory() as temporary:
        build(Path(temporary), rows, encoder, names)
        ranked = ablation(judge(Index.open(Path(temporary), encoder, names), cases))
    sys.stdout.write(f"{len(pool)} passages; share of questions whose passage is first / among the first five\n")
    for parts, figures in ranked.items():
        cells = (
            f"{where} ({held.count}) {held.means['success@1']:.3f}/{held.means['recall@5']:.3f}"
            for where, held in figures.items()
        )
        sys.stdout.write(f"{parts:26s} {'  '.join(cells)}\n")


def place(question: str, passage: str) -> str | None:
    """Where the answer stands, if that is clear."""
    shares = [share(question, span.of(passage)) for span in sentences(passage)]
    if len(shares) < 3 or sorted(shares)[-2] + CLEARLY > max(shares):
        return None
    at = shares.index(max(shares))
    return "first sentence" if at == 0 else "last sentence" if at == len(shares) - 1 else "in between"


def share(question: str, sentence: str) -> float:
    """The share of the question's character pairs that the sentence holds."""
    asked, held = (fold(text).text for text in (question, sentence))
    pairs = {asked[at : at + 2] for at in range(len(asked) - 1)}
    return len([pair for pair in pairs if pair in held]) / max(len(pairs), 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
