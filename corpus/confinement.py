"""Work on what strangers have made, in processes that may hang, fill up and crash without harm to this one.

A child does one piece of work after another. It holds no file of this process but its end of a pipe, can write none,
has so much time and memory, is replaced when it breaks, and ends when this process does.
"""

import os
import pickle
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread, Timer
from typing import Any, Self, TypeVar

from corpus.document import CorpusError

SECONDS = 300  # for a file, by the clock and of the processor; a PDF of 5,000 full pages takes 100
MEMORY = 2 << 30  # bytes beyond what a child begins with
_FILES = 500  # that a child reads, at most: libraries may leak
_LAST = 1  # second, that a child which has closed its pipe has to end by itself

# By itself a child would import what this process was started with, which takes longer than most files.
_BEGIN = "import sys; sys.path[:] = sys.argv[3:]; from corpus.confinement import obey; obey(*map(int, sys.argv[1:3]))"

One = TypeVar("One")
Other = TypeVar("Other")


class Breach(CorpusError):
    """A file that takes its reader too much time or memory, or crashes it."""


class Confinement:
    """Children, started when they are wanted and kept; as many as there are threads that `run` at once."""

    def __init__(self, seconds: int = SECONDS, memory: int = MEMORY) -> None:
        """What a piece of work may take: seconds, and bytes of address space where the system can limit it."""
        self._limits = seconds, memory
        self._idle: list[_Child] = []
        self._children: set[_Child] = set()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """End all children, whatever they do."""
        self._is_closed = True
        for child in list(self._children):
            child.end()

    def run(self, name: str, work: Callable[[One], Other], thing: One) -> Other:
        """`work`, a function of a module, on `thing`, which is called `name`; both have to travel, and the result.

        Raises CorpusError if `work` does, and Breach if it is over a limit or ends its process.
        """
        try:
            child = self._idle.pop()
        except IndexError:
            child = self._started()
        reply = child.reply(name, work, thing)
        if isinstance(reply, Breach) and child.files > 1 and not child.is_late:
            self._end(child)  # what it had read before may have worn it out
            child = self._started()
            reply = child.reply(name, work, thing)
        if isinstance(reply, Breach) or child.files >= _FILES:
            self._end(child)
        else:
            self._idle.append(child)
        if isinstance(reply, CorpusError):
            raise reply
        return reply  # type: ignore[no-any-return]

    def _started(self) -> "_Child":
        if self._is_closed:
            raise RuntimeError("the confinement is closed")
        child = _Child(*self._limits)
        self._children.add(child)
        return child

    def _end(self, child: "_Child") -> None:
        self._children.discard(child)
        child.end()


class _Child:
    """A process that obeys. `files` counts what it was given; `is_late` if it was ended for that it took too long."""

    def __init__(self, seconds: int, memory: int) -> None:
        self._seconds, self.files, self.is_late = seconds, 0, False
        self._pipe, theirs = Pipe()
        command = [sys.executable, "-P", "-c", _BEGIN, str(seconds), str(memory), *sys.path]
        with theirs:
            # In a session of its own no key that is pressed reaches it.
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, start_new_session=True
            )

    def reply(self, name: str, work: Callable[[Any], Any], thing: Any) -> Any:
        """What `work` returned, or the CorpusError that it raised."""
        self.files, self.is_late = self.files + 1, False
        timer = Timer(self._seconds, self._overdue)
        try:
            self._pipe.send((name, work, thing))
            self._pipe.recv()  # it begins: how long it took to start is no fault of the file
            timer.start()
            return self._pipe.recv()
        except (EOFError, OSError):
            return Breach(f"{name}: {self._fate()}")
        finally:
            timer.cancel()

    def _overdue(self) -> None:
        self.is_late = True
        self._process.kill()

    def _fate(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST)
        code = self._process.returncode
        if self.is_late or code == -signal.SIGXCPU:
            return f"takes more than {self._seconds} s to read; split it, or save it anew in another format"
        said = f"signal {-code}, {signal.strsignal(-code)}" if code and code < 0 else f"exit code {code}"
        return _crashed(said)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._pipe.close()


def _crashed(said: str) -> str:
    return f"crashed its reader ({said}); save it anew, or in another format"


# What a child does.


def obey(seconds: int, memory: int) -> None:
    """Do what comes by the pipe, which is standard input, until it is closed at the other end."""
    pipe: Connection[Any, Any] = Connection(0)
    Thread(target=_end_with, args=(pipe.fileno(),), daemon=True).start()
    is_limited = False
    while True:
        name, work, thing = pipe.recv()
        pipe.send(None)
        if not is_limited:  # only now all is imported
            _limit(memory)
            is_limited = True
        _limit_processor(seconds)
        pipe.send_bytes(_done(name, work, thing, memory))


def _end_with(descriptor: int) -> None:
    """Wait until the other end is closed, by whatever end the process there has come to."""
    hung_up = select.poll()
    hung_up.register(descriptor, 0)
    hung_up.poll()
    os.kill(os.getpid(), signal.SIGKILL)


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with suppress(OSError, ValueError):  # not every system can limit it
        _lower(resource.RLIMIT_AS, _address_space("VmSize") + memory)


def _address_space(which: str) -> int:
    """Bytes of it now, or at most by now. Raises OSError where the system does not say."""
    (line,) = (held for held in Path("/proc/self/status").read_text("ascii").splitlines() if held.startswith(which))
    return int(line.split()[1]) << 10


def _limit_processor(seconds: int) -> None:
    """More than was used up by now: of one that goes on when nobody is left to end it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + seconds + 1)


def _lower(kind: int, wanted: int) -> None:
    """The soft limit, which may be raised again."""
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def _done(name: str, work: Callable[[Any], Any], thing: Any, memory: int) -> bytes:
    try:
        done = pickle.dumps(work(thing))
    except CorpusError as error:
        done = pickle.dumps(error)
    except MemoryError:
        done = None
    except Exception as error:
        return pickle.dumps(Breach(f"{name}: {_crashed(repr(error))}"))
    # A library may have taken it for another fault, or have left something out.
    if done is None or _was_full(memory):
        most = f"{memory / (1 << 30):g} GiB"
        said = f"needs more than {most} of memory to be read; split it, or save it anew in another format"
        return pickle.dumps(Breach(f"{name}: {said}"))
    return done


def _was_full(memory: int) -> bool:
    """Whether all but a sixteenth of the memory was once in use."""
    try:
        return _address_space("VmPeak") > resource.getrlimit(resource.RLIMIT_AS)[0] - memory // 16 > 0
    except OSError:
        return False
