"""Encoders: the built-in one equals sentence-transformers' own reading of it; any other model can be loaded."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from corpus.folding import fold
from embeddings import glossary
from embeddings.encoder import BUILT_IN, CHECKSUMS, EncoderError, open_encoder
from embeddings.growth import build
from embeddings.index import Index
from embeddings.query import Query
from embeddings.rows import Row

ROOT = Path(__file__).parents[2]
TEXTS = [
    "双方主张条约当事方通过对话与磋商解决分歧。",
    "雙方主張條約當事方通過對話與磋商解決分歧。",
    "The parties call for dialogue.",
    "Стороны выступают за диалог.",
    "AUKUS、COVID-19 и 2019年",
    "?",
]


def test_the_built_in_model_is_what_sentence_transformers_reads() -> None:
    theirs = SentenceTransformer(str(BUILT_IN), device="cpu", local_files_only=True).float()
    ours = open_encoder()
    for encode, oracle in ((ours.encode_query, theirs.encode_query), (ours.encode_document, theirs.encode_document)):
        assert np.allclose(encode(TEXTS), oracle(TEXTS), atol=1e-6)
    assert ours.dimension == theirs.get_embedding_dimension()
    long = "双方强调维护全球战略稳定。" * 200
    assert np.allclose(ours.encode_document([long]), theirs.encode_document([long]), atol=1e-6)


def test_the_built_in_model_answers_without_torch() -> None:
    code = (
        "import sys; from embeddings.encoder import open_encoder; open_encoder().encode_query(['中导条约']);"
        "sys.exit('torch' in sys.modules or 'sentence_transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_built_in_model_fits_and_understands_across_languages_and_scripts() -> None:
    assert sum(file.stat().st_size for file in BUILT_IN.rglob("*") if file.is_file()) <= 60_000_000
    assert (BUILT_IN / CHECKSUMS).exists()
    simplified, traditional, english, russian, *_ = vectors = open_encoder().encode_query(TEXTS)
    assert np.allclose(np.linalg.norm(vectors[:5], axis=1), 1, atol=1e-3)
    assert simplified @ traditional > 0.99
    assert english @ russian > 3 * abs(english @ vectors[4])


def test_tokens_stand_where_they_say() -> None:
    for text, tokens in zip(TEXTS, open_encoder().encode_tokens(TEXTS), strict=True):
        assert len(tokens.vectors) == len(tokens.spans)
        covered = "".join(fold(span.of(text)).text for span in tokens.spans)
        assert {char for char in fold(text).text if char.isalpha()} <= set(covered) | set("é")


def test_another_model_is_loaded_with_its_own_prompts(transformer: Path) -> None:
    encoder, theirs = open_encoder(str(transformer)), SentenceTransformer(str(transformer), device="cpu")
    assert np.allclose(encoder.encode_query(TEXTS), theirs.encode_query(TEXTS, normalize_embeddings=True), atol=1e-5)
    assert not np.allclose(encoder.encode_query(TEXTS), encoder.encode_document(TEXTS), atol=1e-3)
    tokens = encoder.encode_tokens(TEXTS[:1])[0]
    assert [span.of(TEXTS[0]) for span in tokens.spans] == list(TEXTS[0]) and tokens.vectors.shape == (
        len(TEXTS[0]),
        32,
    )


def test_an_index_is_built_and_asked_with_another_model(transformer: Path, tmp_path: Path) -> None:
    encoder, names = open_encoder(str(transformer)), glossary.load(glossary.BUILT_IN)
    rows = [
        Row(("a/1",), ("a/1",), "中导条约"),
        Row(("a/2",), ("a/2",), "外空军备竞赛"),
        Row(("a/3",), ("a/3",), "生物多样性"),
    ]
    assert build(tmp_path, rows, encoder, names)
    found = Index.open(tmp_path, encoder, names).search(Query("外空军备竞赛"), 3)
    assert [hit.row.members for hit in found.hits][0] == ("a/2",)


@pytest.mark.parametrize("network", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}])
@pytest.mark.parametrize("model", ["no-such-organisation/no-such-model", "/no/such/folder"])
def test_a_model_that_is_not_there_says_what_to_do(model: str, network: dict[str, str], tmp_path: Path) -> None:
    code = f"from embeddings.encoder import open_encoder; open_encoder({model!r})"
    environ = {**os.environ, "HF_HOME": str(tmp_path), **network}
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert f"EncoderError: {model}: can't be loaded" in run.stderr
    assert "or unset YINJU_MODEL for the built-in model" in run.stderr
    assert "Retrying" not in run.stderr  # for minutes, as the hub's client does for each file


def test_a_broken_static_folder_says_so(tmp_path: Path) -> None:
    for name in ("modules.json", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((BUILT_IN / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(EncoderError, match="not a usable static model"):
        open_encoder(str(tmp_path))
