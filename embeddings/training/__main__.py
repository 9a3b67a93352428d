"""From the data folder to the model folder, one step after the other; every step leaves a file to look at.

python -m embeddings.training DATA_FOLDER MODEL_FOLDER [--seed N] [--work FOLDER]
"""

import sys
from argparse import ArgumentParser
from pathlib import Path

from embeddings.training.model import soup, write_model
from embeddings.training.runs import begin, tables
from embeddings.training.work import Work


def main(arguments: list[str]) -> None:
    parser = ArgumentParser(prog="python -m embeddings.training", description="Train the built-in encoder.")
    parser.add_argument("data", type=Path, help="folder of the training data")
    parser.add_argument("model", type=Path, help="folder to write the model to")
    parser.add_argument("--seed", type=int, default=0, help="of the batches; default 0")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what the steps leave behind")
    options = parser.parse_args(arguments)

    begin()
    options.work.mkdir(parents=True, exist_ok=True)
    work = Work(options.data, options.work)
    write_model(options.model, work.tokenizer, soup(tables(work, options.seed)))


if __name__ == "__main__":
    main(sys.argv[1:])
