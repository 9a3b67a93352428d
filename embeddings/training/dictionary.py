"""Writes jieba's dictionary as the product maps it: `python -m embeddings.training.dictionary`."""

import jieba

from embeddings.dictionary import FOLDER, write


def frequencies() -> tuple[dict[str, int], int]:
    """jieba's own reading of its dictionary: word → frequency, and that of all together."""
    tokenizer = jieba.Tokenizer()
    with tokenizer.get_dict_file() as file:
        held: tuple[dict[str, int], int] = tokenizer.gen_pfdict(file)
    return held


if __name__ == "__main__":
    write(FOLDER, *frequencies())
