"""One flipped bit in any file: is it found, or harmless, or is something said that is wrong?

    python -m benchmarks.flips FOLDER [--flips 200] [--kind NAME ...] [--every 10] [--seed 0] [--json FILE]

Below FOLDER a copy of the program is made, and a collection: the statements, a document in two versions, and one that
was withdrawn. What it answers is kept: thirty questions, every passage with its citation and witnesses, ten
quotations, what was withdrawn, what there is. Then, for each kind of file, one random bit in it is flipped, a process
that has not opened the collection before asks for all that again, and `yinju doctor` looks at it. Each tenth time that
it was found in the data, `yinju doctor --repair` goes to work, and all is asked once more. Then the files are put back.

Of the kinds that begin with "large", files are treated as those of over 256 MB are, and damaged between their ends,
which are all of them that is read before they are opened. There another ranking is no wrong reply; other words, another
citation or other witnesses are.

detected    an error of ours, and no reply that differs
harmless    every reply is the same
wrong       a reply differs
crashed     the process died, or raised what is none of our errors, or doctor did
named       what was detected and doctor named, too
repaired    of the repairs, after how many all is answered as before; else doctor has named what can't be
"""

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache, partial
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any, Protocol

from rich.console import Console
from rich.progress import track

from benchmarks.machine import described
from corpus.document import CorpusError
from corpus.store import Store
from embeddings import glossary, manifest, publication
from embeddings.encoder import EncoderError
from embeddings.glossary import GlossaryError
from embeddings.publication import IndexUnusable, current
from service.collection import Collection
from service.doctor import examined, repaired
from service.evaluation import read_cases
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings

ROOT = Path(__file__).parents[1]
ROOMS = ("corpus", "embeddings", "service", "benchmarks", "tests/quality")
QUESTIONS = 30
LOG, PROGRAM, LARGE = "log of the store", "program/", "large "
_END = 256  # bytes of each end of a file that is treated as large
OURS = (CorpusError, EncoderError, GlossaryError, IndexUnusable)
_ERROR = "error: "

Replies = Mapping[str, str]  # what was asked → a digest of what was said, or an error

_forking = multiprocessing.get_context("fork")  # what is imported already need not be imported thousands of times


@dataclass(slots=True)
class Tally:
    """What came of the flips in files of one kind."""

    flips: int = 0
    detected: int = 0
    harmless: int = 0
    wrong: int = 0
    crashed: int = 0
    named: int = 0
    repairs: int = 0
    repaired: int = 0


@dataclass(frozen=True, slots=True)
class Died:
    """How a process ended that had no result."""

    how: str


class Trial:
    """A collection in a folder, of which copies are damaged."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.folder, self.rng, self.problems = folder, Random(seed), list[str]()
        self.data = folder / "data"
        self._parts: Collection | None = None
        manifest._END = _END
        for name, is_logged in (("made", False), ("logged", True)):
            if not (folder / name).exists():
                _alone(_make, folder / name, is_logged)
        self._fresh(LOG)
        logged = self._replies()
        self._fresh("")
        self.expected = self._replies()
        assert isinstance(self.expected, dict) and self.expected == logged, (self.expected, logged)
        assert not any(reply.startswith(_ERROR) for reply in self.expected.values()), self.expected

    def _fresh(self, kind: str) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.folder / ("logged" if kind == LOG else "made"), self.data)

    def kinds(self) -> dict[str, Path]:
        """Every file that is read to answer, by what it is; the program's own first."""
        program, indexes, found = ROOT / "embeddings", self.data / "indexes", dict[str, Path]()
        large = dict[str, Path]()
        for path in sorted([*program.glob("model/*"), *program.glob("dictionary-*/*"), program / "glossary.toml"]):
            found[f"{PROGRAM}{path.relative_to(program)}"] = path
        found |= {"store": self.data / "store.sqlite3", LOG: self.data / "store.sqlite3-wal"}
        found |= {"last change": self.data / "store.sqlite3-last", "pointer": indexes / "current"}
        state = current(indexes)
        for name in (state.descriptions, state.segments[0].name):
            for path in sorted(path for path in (indexes / name).rglob("*") if path.suffix != ".lock"):
                if path.is_file():
                    told = f"{name.partition('-')[0]}/{_stable(path.relative_to(indexes / name))}"
                    found[told] = path
                    if path.stat().st_size > 8 * _END and path.name != "manifest.json":
                        large[f"{LARGE}{told}"] = path
        return found | large

    def run(self, kind: str, flips: int, every: int) -> Tally:
        """Flip bits in the file of a kind, one at a time; each so many-th time that it is detected, repair."""
        tally = Tally()
        if self._parts is None and not kind.startswith(PROGRAM):
            self._warm()
        self._fresh(kind)
        path = self.kinds()[kind]
        kept = path.read_bytes() if kind.startswith(PROGRAM) else b""
        for _ in track(range(flips), kind, console=Console(stderr=True)):
            self._fresh(kind)
            where = _flip(path, self.rng, 8 * _END if kind.startswith(LARGE) else 0)
            try:
                self._judge(tally, f"{kind}, {where}", every if not kept else 0)
            finally:
                if kept:
                    path.write_bytes(kept)
        return tally

    def _warm(self) -> None:
        """What does not depend on the data, no process needs to read anew."""
        glossary.load = cache(glossary.load)
        self._fresh("")
        self._parts = Collection(Settings(data=self.data))
        _ask(self.data, self._parts)

    def _judge(self, tally: Tally, where: str, every: int) -> None:
        tally.flips += 1
        is_large = where.startswith(LARGE)
        replies, findings = self._replies(is_large), _alone(_examined, self.data, self._parts)
        for died in (replies, findings):
            if isinstance(died, Died):
                tally.crashed += 1
                self.problems.append(f"{where}: {died.how}")
                return
        wrong = self._wrong(replies, is_large)
        is_detected = any(reply.startswith(_ERROR) for reply in replies.values())
        tally.wrong, tally.detected = tally.wrong + bool(wrong), tally.detected + (is_detected and not wrong)
        tally.harmless += not wrong and not is_detected
        tally.named += is_detected and bool(findings)
        if wrong:
            self.problems.append(f"{where}: wrong: {', '.join(wrong[:5])} ({len(wrong)})")
        elif is_detected and not findings:
            self.problems.append(f"{where}: doctor named nothing, but {next(iter(replies.values()))}")
        if is_detected and every and tally.detected % every == 1:
            self._repair(tally, where)

    def _wrong(self, replies: Replies, is_large: bool = False) -> list[str]:
        """What was replied to otherwise, and not with an error."""
        expected = {
            **self.expected,
            **(dict.fromkeys(filter(_is_question, self.expected), _digest([])) if is_large else {}),
        }
        return [asked for asked, reply in replies.items() if _said(reply) and reply != expected.get(asked)]

    def _repair(self, tally: Tally, where: str) -> None:
        tally.repairs += 1
        left = _alone(_repaired, self.data, self._parts)
        replies = self._replies()
        if isinstance(left, Died) or isinstance(replies, Died):
            tally.crashed += 1
            self.problems.append(f"{where}: repair: {left}")
        elif replies == self.expected and not left:
            tally.repaired += 1
        elif not left:
            self.problems.append(f"{where}: repaired, but {', '.join(self._wrong(replies)[:5])} differ")

    def _replies(self, is_large: bool = False) -> Any:
        return _alone(_ask, self.data, self._parts, is_large)


def _is_question(asked: str) -> bool:
    return asked.startswith("ask ")


def _digest(reply: object) -> str:
    return sha256(repr(reply).encode()).hexdigest()


def _said(reply: str) -> bool:
    return not reply.startswith(_ERROR)


def _stable(path: Path) -> str:
    """Without what is random in the name."""
    return str(path.with_name(f"*{path.suffix}")) if len(path.stem) == 32 else str(path)


def _flip(path: Path, rng: Random, first: int = 0) -> str:
    """One bit, of those that are `first` or more away from either end."""
    data = bytearray(path.read_bytes())
    at = rng.randrange(first, 8 * len(data) - first)
    data[at // 8] ^= 1 << at % 8
    path.write_bytes(data)
    return f"byte {at // 8} bit {at % 8}"


def _alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a process of its own; how that ended, if it had no result."""
    ours, theirs = _forking.Pipe(duplex=False)
    process = _forking.Process(target=_telling, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        process.join()
        return Died(f"ended with {process.exitcode}")
    finally:
        process.join()


def _telling(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        result = function(*arguments)
    except BaseException as error:
        result = Died(f"raised {error!r}")
    pipe.send(result)
    pipe.close()
    os._exit(0)  # as if killed: what is in the store's log stays there


def _make(data: Path, is_logged: bool) -> None:
    """A collection whose last changes stand in the store's log, or do not any more."""
    files = data.with_name("files")
    files.mkdir(exist_ok=True)
    (files / "gone.txt").write_text("The tidal railway runs at low water, and waits for nobody.\n", "utf-8")
    (files / "moon.txt").write_text("The lunar post takes parcels of five pounds.\n\nLetters wait there.\n", "utf-8")
    _alone(_changed, data, [BUILT_IN, files], None)
    Store(data / "store.sqlite3").close()
    (files / "moon.txt").write_text("The lunar post takes parcels of six pounds.\n\nLetters wait there.\n", "utf-8")
    _alone(_changed, data, [files / "moon.txt"], "gone")
    if not is_logged:
        Store(data / "store.sqlite3").close()


def _changed(data: Path, paths: list[Path], withdrawn: str | None) -> None:
    collection = Collection(Settings(data=data))
    ingest(collection.store, paths)
    if withdrawn:
        collection.store.withdraw(withdrawn, date.today())
        collection.build_index()


def _ask(data: Path, parts: Collection | None, is_large: bool = False) -> Replies:
    """Whatever can be asked of a collection that this process opens."""
    _lend(parts)
    if is_large:
        publication._LARGE = 0
    try:
        collection = Collection(Settings(data=data), create=False)
    except OURS as error:
        return {"open": f"{_ERROR}{error}"}
    opened = _reply(Collection.index, collection)  # once, if it can't be
    return {
        name: _reply(ask, collection) if _said(opened) or not _is_question(name) else opened
        for name, ask in _asked(_unsound if is_large else _answer).items()
    }


def _lend(parts: Collection | None) -> None:
    """Let every collection of this process use an encoder that is loaded."""
    if parts:
        Collection.encoder = parts.encoder  # type: ignore[assignment,method-assign]


def _reply(ask: Callable[[Collection], object], collection: Collection) -> str:
    try:
        return _digest(ask(collection))
    except OURS as error:
        return f"{_ERROR}{error}"


def _asked(answer: "_Answer") -> dict[str, Callable[[Collection], object]]:
    names = [*(f"un-cd-2019/{at}" for at in range(1, 26)), *(f"hant-2022/{at}" for at in range(1, 80))]
    names += [*(f"peoples-daily-2025/{at}" for at in range(1, 30)), "moon/1", "moon/2", "moon/3", "gone/1", "none/1"]
    asked: dict[str, Callable[[Collection], object]] = {
        "members": lambda collection: collection.library.members(),
        "works": lambda collection: sorted(collection.library.works().items()),
        "origins": lambda collection: collection.library.origins(),
        "withdrawn": lambda collection: collection.library.withdrawn("gone"),
    }
    for case in [case for case in read_cases(ROOT / "tests" / "quality") if not case.history][::6][:QUESTIONS]:
        asked[f"ask {case.question}"] = partial(answer, question=case.question)
    asked |= {f"verify {text}": partial(_verified, text=text) for text in _QUOTATIONS}
    return asked | {name: partial(_looked_up, name=name) for name in names}


class _Answer(Protocol):
    def __call__(self, collection: Collection, question: str) -> object: ...


def _verified(collection: Collection, text: str) -> object:
    return collection.verifier().verify(text)


def _looked_up(collection: Collection, name: str) -> object:
    return collection.lookup().passage(name)


def _answer(collection: Collection, question: str) -> object:
    return replace(collection.answerer().ask(question), took_ms=0.0)


def _unsound(collection: Collection, question: str) -> object:
    """What is quoted with other words, citation or witnesses than stand under its id."""
    answer, lookup = collection.answerer().ask(question), collection.lookup()
    return [
        quote.passage_id
        for quote in (*answer.quotes, *answer.nearest)
        for held in [lookup.passage(quote.passage_id)]
        if held is None
        or (quote.text, quote.citation, quote.witnesses) != (held.passage.text, held.citation, held.witnesses)
    ]


_QUOTATIONS = (
    "美国决定退出《苏美关于消除中程和中短程导弹条约》",
    "双方谴责将商业航天系统用于干涉主权国家内政",
    "双方欢迎将商业航天系统用于干涉主权国家内政",
    "The lunar post takes parcels of six pounds.",
    "The lunar post takes parcels of five pounds.",
    "The tidal railway runs at low water",
    "核战争打不赢也打不得",
    "不首先在外空部署武器",
    "不应削弱他国安全",
    "全球导弹防御系统",
)


def _examined(data: Path, parts: Collection | None) -> list[str]:
    _lend(parts)
    return list(examined(Settings(data=data)))


def _repaired(data: Path, parts: Collection | None) -> list[str]:
    _lend(parts)
    return list(repaired(Settings(data=data)))


def row(kind: str, told: Iterable[object]) -> str:
    return f"{kind:44}" + "".join(f"{one:>10}" for one in told) + "\n"


def main(folder: Path, flips: int, kinds: list[str], every: int, seed: int, path: Path | None) -> int:
    trial, tallies = Trial(folder, seed), dict[str, Tally]()
    sys.stdout.write(row("", Tally.__dataclass_fields__))
    for kind in trial.kinds():
        if not kinds or kind.startswith(tuple(kinds)):
            tallies[kind] = trial.run(kind, flips, every)
            sys.stdout.write(row(kind, asdict(tallies[kind]).values()))
            sys.stdout.flush()
            if path:
                told = {"machine": described(), "kinds": {kind: asdict(tally) for kind, tally in tallies.items()}}
                path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write("".join(f"PROBLEM {problem}\n" for problem in trial.problems))
    return 1 if trial.problems else 0


def _elsewhere(folder: Path) -> int:
    """Go on in a copy of the program, whose own files can be damaged."""
    program = folder.resolve() / "program"
    for room in ROOMS:
        shutil.copytree(ROOT / room, program / room, dirs_exist_ok=True)
    command = [sys.executable, "-P", "-m", "benchmarks.flips", *sys.argv[1:], "--here"]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": str(program)}).returncode


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--kind", nargs="+", default=[])
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.here:
        sys.exit(_elsewhere(arguments.folder))
    sys.exit(main(arguments.folder, arguments.flips, arguments.kind, arguments.every, arguments.seed, arguments.json))
