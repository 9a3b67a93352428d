"""python -m benchmarks.quotations DATA_FOLDER [SEED]"""

import os
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.quotations.generation import generated
from benchmarks.quotations.judging import confusion
from service.collection import Collection
from service.settings import Settings


def main(folder: Path, seed: int = 0) -> int:
    """Measure on the collection in `folder`; the exit code."""
    collection = Collection(replace(Settings.from_environ(os.environ), data=folder), create=False)
    measured = confusion(collection.verifier(), generated(collection.store, seed))
    sys.stdout.write(f"{measured.table()}\n{measured.wrong()}\n")
    return 0 if measured.passes else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *map(int, sys.argv[2:3])))
