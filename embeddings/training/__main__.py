"""From the data folder to the model folder, one step after the other; every step leaves a file to look at.

python -m embeddings.training DATA_FOLDER MODEL_FOLDER [--seed N] [--work FOLDER]
"""

import logging
import sys
from argparse import ArgumentParser
from pathlib import Path

import torch

from embeddings.training.model import soup, write_model
from embeddings.training.recipes import RECIPES
from embeddings.training.work import Work

THREADS = 1  # fixed: the order of floating-point sums, and so the result, depends on it


def main(arguments: list[str]) -> None:
    parser = ArgumentParser(prog="python -m embeddings.training", description="Train the built-in encoder.")
    parser.add_argument("data", type=Path, help="folder of the training data")
    parser.add_argument("model", type=Path, help="folder to write the model to")
    parser.add_argument("--seed", type=int, default=0, help="of the batches; default 0")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what the steps leave behind")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    torch.set_num_threads(THREADS)

    options.work.mkdir(parents=True, exist_ok=True)
    work = Work(options.data, options.work)
    tables = [work.run(recipe, options.seed + number) for number, recipe in enumerate(RECIPES)]
    write_model(options.model, work.tokenizer, soup(tables))


if __name__ == "__main__":
    main(sys.argv[1:])
