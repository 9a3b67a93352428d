"""python -m benchmarks.files FOLDER COUNT [SEED]"""

import sys
from pathlib import Path

from benchmarks.files.making import files

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for made in files(*map(int, sys.argv[2:4])):
        (folder / made.name).write_bytes(made.data)
