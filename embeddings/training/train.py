"""Training: token vectors are moved until the sums of a pair's tokens agree and those of other pairs do not.

Loss = symmetric InfoNCE (van den Oord, Li & Vinyals 2018) over the batch, with the texts of the same language as
further negatives where the pair is a translation, plus a pull of both sides towards the teacher's vector of the
English side where there is one.
"""

import logging
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, embedding_bag, normalize

from embeddings.training.batches import Batch, without_empty
from embeddings.training.meanings import TEACHER_DIMENSIONS, Vectors
from embeddings.training.mixture import Material
from embeddings.training.optimizer import RowAdam
from embeddings.training.recipes import Recipe
from embeddings.training.texts import Texts

log = logging.getLogger(__name__)

STEPS, WARM_UP = 4800, 50
LEARNING_RATE = 2e-3
TEACHER_PULL = 10.0
REPORT_EVERY = 200


def train(start: Vectors, material: Material, recipe: Recipe, seed: int) -> tuple[Vectors, list[str]]:
    """The trained table, and one line per report: step and mean loss since the last."""
    rng = np.random.default_rng(seed)
    mixture = material.mixture(recipe)
    table, targets = torch.from_numpy(start.copy()), torch.from_numpy(material.meanings.semantic)
    optimizer = RowAdam(table)
    losses: list[float] = []
    reports = ["step\tloss"]
    for step in range(STEPS):
        batch = without_empty(mixture.draw(rng).batch(rng))
        rows, vectors, batch = touched(table, batch)
        value = loss(vectors, batch, targets, recipe.temperature)
        (gradient,) = torch.autograd.grad(value, vectors)
        optimizer.step(rows, gradient, LEARNING_RATE * pace(step))
        losses.append(value.item())
        if len(losses) % REPORT_EVERY == 0:
            reports.append(f"{len(losses)}\t{np.mean(losses[-REPORT_EVERY:]):.4f}")
            log.info("%s, step and loss: %s", recipe.name, reports[-1])
    return table.numpy(), reports


def touched(table: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Batch]:
    """The rows of the table that a batch needs, a copy of them to differentiate, and the batch renumbered to it."""
    rows, numbers = np.unique(np.concatenate([batch.left.tokens, batch.right.tokens]), return_inverse=True)
    left, right = np.split(numbers, [len(batch.left.tokens)])
    renumbered = replace(batch, left=replace(batch.left, tokens=left), right=replace(batch.right, tokens=right))
    found = torch.from_numpy(rows)
    return found, table[found].requires_grad_(), renumbered


def pace(step: int) -> float:
    """Linear warm-up, then linear decay to nothing."""
    return min((step + 1) / WARM_UP, (STEPS - step) / (STEPS - WARM_UP))


def loss(table: Tensor, batch: Batch, targets: Tensor, temperature: float) -> Tensor:
    left, right = embed(table, batch.left), embed(table, batch.right)
    scores = left @ right.T
    negatives = others(left, batch), others(right, batch)
    total = contrast(scores, negatives[0], temperature) + contrast(scores.T, negatives[1], temperature)
    known = torch.from_numpy(batch.meanings >= 0)
    if known.any():
        wanted = targets[torch.from_numpy(batch.meanings)[known]]
        total = total + TEACHER_PULL * (distance(left[known], wanted) + distance(right[known], wanted)) / 2
    return total


def embed(table: Tensor, texts: Texts) -> Tensor:
    """Unit vectors of the texts' token sums."""
    tokens, offsets = torch.from_numpy(texts.tokens), torch.from_numpy(texts.offsets[:-1])
    return normalize(embedding_bag(tokens, table, offsets, mode="sum"), dim=1)


def others(vectors: Tensor, batch: Batch) -> Tensor:
    """Of a translation also the texts in its own language are negatives: cosines to them, none for other batches."""
    if not batch.translated:
        return vectors.new_empty(len(vectors), 0)
    own = torch.eye(len(vectors), dtype=torch.bool)
    return (vectors @ vectors.T).masked_fill(own, -1.0)


def contrast(scores: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """InfoNCE: row i has to find column i among all columns and negatives."""
    return cross_entropy(torch.cat([scores, negatives], dim=1) / temperature, torch.arange(len(scores)))


def distance(vectors: Tensor, wanted: Tensor) -> Tensor:
    """1 − cosine to the teacher, in the dimensions that came from it."""
    return (1 - (normalize(vectors[:, :TEACHER_DIMENSIONS], dim=1) * wanted).sum(dim=1)).mean()
