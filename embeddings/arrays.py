"""NumPy arrays on disk, mapped: only what is used of them is in memory, and processes share it."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# NumPy reads a header as Python's syntax, and CPython 3.11 may fail at that (SystemError, as in its issue 106905) if
# it is interrupted by another thread that does so too.
READING = threading.Lock()


def mapped(path: Path) -> NDArray[Any]:
    """The array in a .npy file, to be read alone; of the plain class, for that of mapped arrays is slow to index."""
    with READING:
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            shape, _, _ = np.lib.format.read_array_header_1_0(file)
        # What is empty can't be mapped.
        return np.asarray(np.load(path, mmap_mode="r" if all(shape) else None))
