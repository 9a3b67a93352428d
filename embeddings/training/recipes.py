"""The training runs whose tables are averaged: one start, one tokenizer, different mixes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    name: str
    switched_questions: float = 0.0  # share of a Chinese question's words replaced by English or Russian ones
    switched_english: float = 0.0  # share of English words replaced by Russian ones, opposite Chinese


RECIPES = (
    Recipe("plain"),
    Recipe("switched", switched_questions=0.45, switched_english=0.25),
    Recipe("switched-more", switched_questions=0.45, switched_english=0.5),
    Recipe("switched-most", switched_questions=0.45, switched_english=0.75),
)
