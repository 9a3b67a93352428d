"""The work folder: what each step leaves behind, made once, kept, and readable without this program.

    rules.tsv       character folding rules        teacher.txt   English strings, one per line
    vocabulary.tsv  pieces that have a vector      teacher.npy   their teacher vectors, row by row
    tokenizer.json  the finished tokenizer         start.npy     token vectors before training
    run-*.npy/.tsv  token vectors and losses of one training run

A file that exists is not made again, whatever it was made from: delete it, and those after it, to redo a step.
"""

import csv
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embeddings.training import glosses, start, teacher, train, vocabulary
from embeddings.training.data import training_texts
from embeddings.training.meanings import Meanings, Vectors
from embeddings.training.mixture import Material
from embeddings.training.recipes import Recipe
from embeddings.training.tokenizer import build_normalizer, build_tokenizer
from embeddings.training.vocabulary import Piece

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    data: Path
    folder: Path

    def made(self, name: str, make: Callable[[Path], None]) -> Path:
        """The file, made first if it is missing; a step that was interrupted leaves no file under that name."""
        path = self.folder / name
        if not path.exists():
            log.info("making %s", name)
            draft = path.with_name(f"draft-{name}")
            make(draft)
            draft.rename(path)
        return path

    @cached_property
    def pieces(self) -> list[Piece]:
        with self.made("vocabulary.tsv", self.write_vocabulary).open(encoding="utf-8", newline="") as lines:
            return [
                Piece(text, vocabulary.script_named(script), float(log_probability), int(pivots))
                for text, script, log_probability, pivots in csv.reader(lines, delimiter="\t")
            ]

    def write_vocabulary(self, path: Path) -> None:
        normalizer = build_normalizer(self.folder / "rules.tsv")
        pieces = vocabulary.candidates(self.data, normalizer.normalize_str)
        log.info("%d candidate pieces; counting them in the training text", len(pieces))
        tokenizer = build_tokenizer(normalizer, pieces)
        counts = Counter[str]()
        for encoding in tokenizer.encode_batch_fast(list(training_texts(self.data)), add_special_tokens=False):
            counts.update(encoding.tokens)
        with path.open("w", encoding="utf-8", newline="") as lines:
            table = csv.writer(lines, delimiter="\t", lineterminator="\n")
            for piece in vocabulary.prune(pieces, counts):
                table.writerow([piece.text, piece.script, f"{piece.log_probability:.4f}", piece.pivots])

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(str(self.made("tokenizer.json", self.write_tokenizer)))

    def write_tokenizer(self, path: Path) -> None:
        build_tokenizer(build_normalizer(self.folder / "rules.tsv"), self.pieces).save(str(path), pretty=False)

    @cached_property
    def entries(self) -> list[glosses.Entry]:
        return glosses.entries(self.data)

    @cached_property
    def meanings(self) -> Meanings:
        strings = self.made("teacher.txt", self.write_strings).read_text(encoding="utf-8").split("\n")[:-1]
        return Meanings.of(strings, np.load(self.made("teacher.npy", self.write_teacher)))

    def write_strings(self, path: Path) -> None:
        strings = teacher.strings(self.data, self.pieces, self.entries)
        path.write_text("".join(f"{string}\n" for string in strings), encoding="utf-8")

    def write_teacher(self, path: Path) -> None:
        strings = (self.folder / "teacher.txt").read_text(encoding="utf-8").split("\n")[:-1]
        save(path, teacher.embed(strings))

    @cached_property
    def start(self) -> Vectors:
        table: Vectors = np.load(self.made("start.npy", self.write_start))
        return table

    def write_start(self, path: Path) -> None:
        save(path, start.table(self.data, self.tokenizer, self.pieces, self.entries, self.meanings))

    def prepare(self) -> None:
        """Everything up to the start vectors: what the training runs share."""
        _ = self.start

    @cached_property
    def material(self) -> Material:
        return Material(self.data, self.tokenizer, self.entries, self.meanings)

    def run(self, recipe: Recipe, seed: int) -> Vectors:
        """Token vectors after one training run."""
        name = f"run-{recipe.name}-{seed}"

        def write(path: Path) -> None:
            table, losses = train.train(self.start, self.material, recipe, seed)
            (self.folder / f"{name}.tsv").write_text("".join(f"{line}\n" for line in losses), encoding="utf-8")
            save(path, table)

        table: Vectors = np.load(self.made(f"{name}.npy", write))
        return table


def save(path: Path, array: NDArray[np.float16] | Vectors) -> None:
    with path.open("wb") as file:  # np.save given a path would add its own suffix
        np.save(file, array)
