"""Yinju side by side with verbatim-rag, txtai and haystack: speed, memory, and how often the first passage is right.

    for peer in verbatim-rag txtai haystack; do python -m venv PEERS/$peer; done
    PEERS/verbatim-rag/bin/pip install -r benchmarks/peers/verbatim-rag.txt
    PEERS/txtai/bin/pip install -c constraints.txt -r benchmarks/peers/txtai.txt
    PEERS/haystack/bin/pip install -c constraints.txt -r benchmarks/peers/haystack.txt
    python -m benchmarks.peers PEERS

Each peer has an environment of its own, for verbatim-rag pins versions that go with nobody else's. torch is pinned so
that pip takes one CPU wheel; the Makefile's TORCH_INDEX serves here too, as pip's --extra-index-url.

The paragraphs of the built-in statements, and of what --documents names, go into all of them one for one, as texts with
an id, title, date and source. The vectors are those of the built-in encoder for all. Everything is done in turns, each
time by another one first; each contestant is in a process of its own, which reaches no network and has one thread for
its vectors. `verbatim_rag`, `txtai` and `haystack` say how each peer is set up. Linux only, for /proc.

questions/s   one after the other, from a question's text to five passages at most, best first, with their text and what
              it takes to cite them; in process, Yinju over HTTP too. Yinju does more meanwhile: it reads years and
              names out of the question, may refuse, and finds the sentences that answer and the other witnesses
p50, p99      milliseconds, of all single questions
start s       from the start of a process to its first answer, with a store on disk that was made before
peak MB       what the process that answers and its children have had resident at most, each at its own time
passages/s    from texts to a store on disk, once the encoder is loaded. Yinju's own is its index of just these texts.
              "from files" is its whole ingestion of the files that the passages are from: decoded, split, compared with
              each other, all wordings stored and indexed; it is credited with the same number of passages
success@1     share of the answerable questions that are answered with a passage first that is right
first shown   the same, but where Yinju refuses, the nearest passage that it shows counts; the peers never refuse here
refused       share of the unanswerable questions
held out      success@1 on the questions that no weight of Yinju's was fitted to; then by kind and by language

What came back is compared with what went in, word for word; if anything differs, the run fails. Questions that follow
up on others are left out, for the peers know no turns.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.collection import cases, made
from benchmarks.peers.contest import Entrant, asked, ingested, started
from benchmarks.peers.figures import Contest
from benchmarks.peers.report import Machine, record, tables
from benchmarks.peers.server import Server
from benchmarks.peers.worker import ROOT, Worker
from service.ingestion import BUILT_IN

MODEL = ROOT / "embeddings" / "model"
PEERS = {"verbatim-rag": "verbatim_rag", "txtai": "txtai", "haystack": "haystack"}


def main(arguments: argparse.Namespace) -> int:
    files = [BUILT_IN, *arguments.documents]
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        holdings = made(scratch / "data", files)
        chosen = cases(arguments.questions, arguments.each)
        entrants = [*_ours(scratch, files), *_peers(scratch, arguments.peers, arguments.rounds)]
        questions = [case.question for case in chosen]
        taken = ingested(entrants, holdings.passages, arguments.rounds)
        times = started(entrants, questions[0], arguments.rounds)
        contest = Contest(holdings, chosen, taken, times, asked(entrants, questions, arguments.rounds))
    what = f"{len(holdings.passages)} passages, {len(questions)} questions, {arguments.rounds} rounds"
    machine = Machine.this()
    sys.stdout.write(f"{what}, {machine.processor}, {machine.cores} cores\n\n{tables(contest)}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(record(contest), ensure_ascii=False, indent=1), "utf-8")
    problems = contest.problems()
    sys.stdout.write("".join(f"PROBLEM {problem}\n" for problem in problems))
    return 1 if problems else 0


def _ours(scratch: Path, files: Sequence[Path]) -> Iterator[Entrant]:
    data, log, command = scratch / "data", scratch / "yinju.log", [sys.executable, "-m", "benchmarks.peers.yinju"]
    from_files = [*command, *(str(path.resolve()) for path in files)]
    yield Entrant("Yinju", scratch / "yinju", partial(Worker, command, log), partial(_opened, command, data, log))
    yield Entrant("Yinju, over HTTP", scratch, None, partial(Server, data, log))
    yield Entrant("Yinju, from files", scratch / "files", partial(Worker, from_files, log))


def _peers(scratch: Path, environments: Path, rounds: int) -> Iterator[Entrant]:
    for name, module in PEERS.items():
        python = environments.resolve() / name / "bin" / "python"
        command = [str(python), "-m", f"benchmarks.peers.{module}", str(MODEL)]
        store, log = scratch / name, scratch / f"{name}.log"
        store.mkdir()
        last = store / f"{rounds}"
        yield Entrant(name, store, partial(Worker, command, log), partial(_opened, command, last, log))


def _opened(command: Sequence[str], folder: Path, log: Path) -> Worker:
    worker = Worker(command, log)
    worker.open(folder)
    return worker


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", type=Path, help="folder of the three environments, each called as the peer is")
    parser.add_argument("--documents", type=Path, nargs="+", default=[], help="files and folders to add")
    parser.add_argument(
        "--questions", type=Path, nargs="+", default=[], help="files to ask instead of those in tests/quality/questions"
    )
    parser.add_argument("--each", type=int, help="only so many questions of each language")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    sys.exit(main(parser.parse_args()))
