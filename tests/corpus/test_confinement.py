"""Confinement: what hangs, fills the memory or crashes is told of the file, and the next file is read."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from corpus.confinement import Breach, Confinement
from corpus.document import CorpusError

ROOT = Path(__file__).parents[2]


def child(_: object = None) -> int:
    """Which process works."""
    return os.getpid()


def doubled(text: str) -> str:
    return text * 2


def refused(name: str) -> str:
    raise CorpusError(f"{name}: is not to be had")


def hang(_: object) -> None:
    while True:
        pass


def fill(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))


def fill_in_pieces(_: object) -> None:
    held = list[str]()
    while True:
        held.append(" " * 1000 + str(len(held)))


def fill_unnoticed(_: object) -> str:
    """As a library that takes what it can get."""
    held = list[bytes]()
    try:
        while True:
            held.append(bytes(1 << 20))
    except MemoryError:
        return "text"


def crash(_: object) -> None:
    ctypes.string_at(0)


def stop(code: int) -> None:
    os._exit(code)


def err(_: object) -> None:
    {"a": 1}["missing"]


def kill(number: int) -> None:
    os.kill(os.getpid(), number)


def write(path: Path) -> str:
    with path.open("wb", buffering=0) as file:
        try:
            file.write(b"words")
        except OSError as error:
            return str(error.strerror)
    return "written"


def descriptors(_: object) -> list[str]:
    """What it has open beside standard error."""
    with os.scandir("/proc/self/fd") as held:
        return sorted(os.readlink(entry.path) for entry in held if entry.name != "2")


def core(_: object) -> int:
    return resource.getrlimit(resource.RLIMIT_CORE)[0]


def wear_out(name: str) -> int:
    """Reads one file, and is broken from then on."""
    if hasattr(sys, "worn"):
        kill(signal.SIGSEGV)
    sys.worn = name  # type: ignore[attr-defined]
    return os.getpid()


def ends(pid: int) -> bool:
    """Whether a process is gone after a while, or is only left to be waited for."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_work_is_done_in_a_process_that_is_kept() -> None:
    with Confinement() as confinement:
        assert confinement.run("a", doubled, "ab" * 1_000_000) == "ab" * 2_000_000
        pids = {confinement.run("a", child, None) for _ in range(3)}
    (pid,) = pids
    assert pid != os.getpid() and ends(pid)


def test_what_the_work_refuses_is_raised_and_breaks_nothing() -> None:
    with Confinement() as confinement:
        before = confinement.run("a", child, None)
        with pytest.raises(CorpusError, match="^a.txt: is not to be had$") as raised:
            confinement.run("a", refused, "a.txt")
        assert not isinstance(raised.value, Breach)
        assert confinement.run("a", child, None) == before


@pytest.mark.parametrize(
    ("work", "thing", "said"),
    [
        (hang, None, "x.pdf: takes more than 2 s to read; split it, or save it anew in another format"),
        (
            fill,
            400,
            "x.pdf: needs more than 0.25 GiB of memory to be read; split it, or save it anew in another format",
        ),
        (fill_in_pieces, None, "x.pdf: needs more than 0.25 GiB of memory to be read; split it"),
        (fill_unnoticed, None, "x.pdf: needs more than 0.25 GiB of memory to be read; split it"),
        (crash, None, "x.pdf: crashed its reader (signal 11, Segmentation fault); save it anew, or in another format"),
        (kill, signal.SIGABRT, "x.pdf: crashed its reader (signal 6, Aborted)"),
        (kill, signal.SIGSTOP, "x.pdf: takes more than 2 s to read"),
        (stop, 7, "x.pdf: crashed its reader (exit code 7)"),
        (err, None, "x.pdf: crashed its reader (KeyError('missing'))"),
    ],
)
def test_what_breaks_its_reader_is_named_and_the_next_is_read(work: object, thing: object, said: str) -> None:
    with Confinement(seconds=2, memory=256 << 20) as confinement:
        before = confinement.run("a", child, None)
        with pytest.raises(Breach) as raised:
            confinement.run("x.pdf", work, thing)  # type: ignore[arg-type]
        assert str(raised.value).startswith(said)
        after = confinement.run("a", child, None)
        assert after != before and ends(before)
        assert confinement.run("a", fill, 100) == 100 << 20


def test_what_another_file_has_broken_is_not_said_of_the_next() -> None:
    with Confinement() as confinement:
        first = confinement.run("a", wear_out, "a")
        second = confinement.run("b", wear_out, "b")
    assert first != second


def test_a_child_that_died_in_its_sleep_is_replaced() -> None:
    with Confinement() as confinement:
        before = confinement.run("a", child, None)
        os.kill(before, signal.SIGKILL)
        assert ends(before) and confinement.run("a", child, None) != before


def test_a_child_can_write_no_file_and_holds_none_of_ours(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w"), Confinement() as confinement:
        assert confinement.run("a", write, tmp_path / "made") == "File too large"
        assert confinement.run("a", core, None) == 0
        null, own, pipe = confinement.run("a", descriptors, None)
    assert null == "/dev/null" and own.startswith("/proc/") and pipe.startswith("socket:")


def test_several_threads_have_a_child_each() -> None:
    with ThreadPoolExecutor(3) as pool, Confinement(seconds=2) as confinement:
        hung = [pool.submit(confinement.run, "x", hang, None) for _ in range(2)]
        assert confinement.run("a", doubled, "a") == "aa"
        assert [type(held.exception()) for held in hung] == [Breach, Breach]


def test_closing_ends_what_is_under_way() -> None:
    with ThreadPoolExecutor(1) as pool:
        with Confinement() as confinement:
            hung = pool.submit(confinement.run, "x", hang, None)
            while not confinement.run("a", child, None) or threading.active_count() < 3:
                time.sleep(0.01)
        assert hung.exception() is not None


@pytest.mark.parametrize("work", ["hang", "child"])
def test_children_end_with_the_process_that_started_them(work: str) -> None:
    code = (
        "from corpus.confinement import Confinement; from tests.corpus import test_confinement as held; import time\n"
        "confinement = Confinement()\n"
        f"print(confinement.run('a', held.child, None), flush=True); confinement.run('x', held.{work}, None)\n"
        "time.sleep(1000)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    parent.kill()
    parent.wait()
    assert ends(pid)
