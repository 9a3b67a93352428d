"""The finished model folder: one float16 table that sentence-transformers and model2vec both read.

Runs that began from the same table lie close enough for their mean to be better than any of them (model soups,
Wortsman et al. 2022).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from model2vec.persistence import save_pretrained
from model2vec.types import StaticModelConfig
from tokenizers import Tokenizer

from embeddings.training.meanings import Vectors

# Vectors come out normalised, so a common factor changes nothing, but it keeps the small numbers of frequent words
# out of float16's coarse end.
MEAN_LENGTH = 4.0


def soup(tables: Sequence[Vectors]) -> Vectors:
    mean: Vectors = np.mean(tables, axis=0, dtype=np.float32)
    return mean


def write_model(folder: Path, tokenizer: Tokenizer, table: Vectors) -> None:
    scale = MEAN_LENGTH / np.linalg.norm(table, axis=1).mean()
    # No length limit: model2vec would cut at 512 tokens what sentence-transformers reads to the end.
    config: StaticModelConfig = {"normalize": True, "max_length": None}
    embeddings = (table * scale).astype(np.float16)
    # The model card in the folder is written by hand and must survive.
    save_pretrained(folder, embeddings, tokenizer, config, create_model_card=False)
