"""Development figures of a model folder, from texts that were never trained on.

    python -m embeddings.training.evaluate MODEL_FOLDER DATA_FOLDER

NTREX (Federmann, Kocmi & Xin 2022): share of sentences whose nearest neighbour among 1,997 is their translation.
STSb (Cer et al. 2017): Spearman correlation of cosine and human judgement, test part. Held back: share of Chinese
questions whose nearest passage is the one they were asked about.
"""

import csv
import gzip
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from scipy.stats import spearmanr

from embeddings.training.data import questions, rows
from embeddings.training.meanings import Vectors

NTREX_LANGUAGES = ("en", "ru", "zh", "zh-TW")
NTREX_DIRECTIONS = (("en", "zh"), ("zh", "en"), ("ru", "zh"), ("en", "ru"), ("zh-TW", "zh"))
STS_LANGUAGES = ("en", "zh", "ru")


def main(arguments: list[str]) -> None:
    parser = ArgumentParser(prog="python -m embeddings.training.evaluate", description="Print development figures.")
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    options = parser.parse_args(arguments)
    model = StaticModel.from_pretrained(options.model)
    for name, share in figures(model, options.data):
        sys.stdout.write(f"{name}\t{100 * share:.1f}\n")


def figures(model: StaticModel, data: Path) -> Iterator[tuple[str, float]]:
    yield from translations(model, data)
    yield from judgements(model, data)
    yield "held-back questions zh→zh R@1", answered(model, data)


def translations(model: StaticModel, data: Path) -> Iterator[tuple[str, float]]:
    columns = zip(*rows(data / "dev", "ntrex_en_ru_zh_zht"), strict=True)
    vectors = {name: encoded(model, list(column)) for name, column in zip(NTREX_LANGUAGES, columns, strict=True)}
    for source, target in NTREX_DIRECTIONS:
        nearest = (vectors[source] @ vectors[target].T).argmax(axis=1)
        yield f"NTREX {source}→{target} accuracy@1", float(np.mean(nearest == np.arange(len(nearest))))


def judgements(model: StaticModel, data: Path) -> Iterator[tuple[str, float]]:
    for language in STS_LANGUAGES:
        with gzip.open(data / "dev" / f"stsb-{language}-test.csv.gz", "rt", encoding="utf-8", newline="") as lines:
            left, right, scores = zip(*csv.reader(lines), strict=True)
        cosines = (encoded(model, list(left)) * encoded(model, list(right))).sum(axis=1)
        yield f"STSb test {language} Spearman", float(spearmanr(cosines, np.array(scores, dtype=float)).statistic)


def answered(model: StaticModel, data: Path) -> float:
    held = questions(data, held=True)
    passages = {passage: number for number, passage in enumerate(dict.fromkeys(question.passage for question in held))}
    asked = encoded(model, [question.text for question in held])
    nearest = (asked @ encoded(model, list(passages)).T).argmax(axis=1)
    return float(np.mean(nearest == [passages[question.passage] for question in held]))


def encoded(model: StaticModel, texts: list[str]) -> Vectors:
    return model.encode(texts).astype(np.float32)


if __name__ == "__main__":
    main(sys.argv[1:])
