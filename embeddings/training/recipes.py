"""The training runs whose tables are averaged: one start, one tokenizer, different mixes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How sharply a pair must stand out, and how much of a text's words is replaced by those of another language."""

    temperature: float  # a low one is better at finding passages, a high one at telling sentences apart
    english: float  # of English opposite Chinese, by Russian
    chinese: float = 0.0  # of Chinese opposite English, by Russian
    questions: float = 0.45  # of a Chinese question, by English or Russian

    @property
    def name(self) -> str:
        return f"temperature-{self.temperature}-english-{self.english}-chinese-{self.chinese}"


RECIPES = (
    Recipe(0.05, english=0.5),
    Recipe(0.07, english=0.75),
    Recipe(0.1, english=0.5),
    Recipe(0.05, english=0.5, chinese=0.5),
    Recipe(0.07, english=0.75, chinese=0.75),
    Recipe(0.1, english=0.5, chinese=0.5),
    Recipe(0.15, english=0.75),
    Recipe(0.15, english=0.75, chinese=0.75),
)
