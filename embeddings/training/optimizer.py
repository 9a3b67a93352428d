"""Adam (Kingma & Ba 2015) on only the rows that a batch touches, as torch's SparseAdam, without sparse gradients.

Sorting and summing a sparse gradient of 100,000 token vectors cost more than the rest of the step; here a batch's few
thousand distinct rows are copied out first and get an ordinary gradient.
"""

import torch
from torch import Tensor

MEAN_DECAY, SQUARE_DECAY, EPSILON = 0.9, 0.999, 1e-8


class RowAdam:
    def __init__(self, table: Tensor) -> None:
        self.table = table
        self.means = torch.zeros_like(table)
        self.squares = torch.zeros_like(table)
        self.steps = 0

    @torch.no_grad()
    def step(self, rows: Tensor, gradient: Tensor, rate: float) -> None:
        """Moves the rows; each row's moments decay only when it is touched."""
        self.steps += 1
        mean = self.means[rows].lerp_(gradient, 1 - MEAN_DECAY)
        square = self.squares[rows].lerp_(gradient.square(), 1 - SQUARE_DECAY)
        self.means[rows], self.squares[rows] = mean, square
        correction = (1 - SQUARE_DECAY**self.steps) ** 0.5
        denominator = square.sqrt_().div_(correction).add_(EPSILON)
        self.table[rows] -= rate / (1 - MEAN_DECAY**self.steps) * mean / denominator
