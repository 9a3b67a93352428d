"""The training runs, two at a time, each in a process of its own and on one thread."""

import logging
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import torch

from embeddings.training.meanings import Vectors
from embeddings.training.recipes import RECIPES
from embeddings.training.work import Work

PROCESSES = 2
THREADS = 1  # fixed: the order of floating-point sums, and so the result, depends on it


def begin() -> None:
    """What every process does first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    torch.set_num_threads(THREADS)


def tables(work: Work, seed: int) -> list[Vectors]:
    """The token vectors of every recipe, made where they are missing."""
    work.prepare()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), initializer=begin) as pool:
        runs = [pool.submit(run, work.data, work.folder, number, seed) for number in range(len(RECIPES))]
        for finished in runs:
            finished.result()
    return [work.run(recipe, seed + number) for number, recipe in enumerate(RECIPES)]


def run(data: Path, folder: Path, number: int, seed: int) -> None:
    opened(data, folder).run(RECIPES[number], seed + number)


@cache
def opened(data: Path, folder: Path) -> Work:
    """One for each process, so that its second run finds the material of the first."""
    return Work(data, folder)
