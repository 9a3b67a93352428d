"""What the Dockerfile says of the image that runs."""

import re
from pathlib import Path

DOCKERFILE = (Path(__file__).parents[1] / "Dockerfile").read_text("utf-8")


def instruction(name: str) -> str:
    """The argument of the only such line."""
    (argument,) = re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)
    return str(argument)


def environment() -> dict[str, str]:
    return dict(pair.split("=") for pair in instruction("ENV").split())
