"""A mixed collection's files, written into a folder.

    python -m benchmarks.files FOLDER [--files 100] [--seed 0]

The formats and encodings take turns, and some files are broken.
"""

import argparse
from pathlib import Path

from benchmarks.files.making import files

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for made in files(arguments.files, arguments.seed):
        (arguments.folder / made.name).write_bytes(made.data)
