"""Text → vectors. The built-in model, or any sentence-transformers model by path or hub id.

A static folder, such as the built-in one, is run on numpy alone: importing sentence-transformers costs seconds and half
a gigabyte, and both read the same folder to the same vectors.
"""

import json
import logging
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from mmap import ACCESS_READ, MADV_RANDOM, mmap
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.document import Span
from corpus.shipped import check
from embeddings.tokenizer import Encodings

Vectors = NDArray[np.float32]
Ids = NDArray[np.uint32]

BUILT_IN = Path(__file__).with_name("model")
CHECKSUMS = "SHA256SUMS"  # in a static folder, if it has one: checked before anything is read
WEIGHTS_AND_TOKENIZER = _WEIGHTS, _TOKENIZER = ("model.safetensors", "tokenizer.json")
_TABLES = ("embeddings", "embedding.weight")  # as model2vec calls it, and as sentence-transformers does
_TYPES = {"F32": "<f4", "F16": "<f2", "I8": "|i1", "I64": "<i8", "I32": "<i4"}
_HUB_TIMEOUT = 10.0  # seconds
_REMEMBERED = 8_192  # tokens, two kilobytes each


class EncoderError(Exception):
    """A model that can't be loaded; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text: `vectors` (n, dimension), not normalised, and where each token stands in the text.

    `ids` are their places in the encoder's table, if it has one.
    """

    vectors: Vectors
    spans: tuple[Span, ...]
    ids: Ids | None = None


class Encoder(Protocol):
    """What the index needs of a model. Vectors are float32, one row per text, of length 1 (0 for an empty text)."""

    @property
    def name(self) -> str:
        """What the vectors depend on: an index made with another name can't be searched with this encoder."""

    @property
    def dimension(self) -> int:
        """Width of every vector."""

    @property
    def table(self) -> Callable[[Ids], Vectors] | None:
        """Token ids → vectors of length 1; None if a token's vector depends on its neighbours."""

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Questions → (len(texts), dimension)."""

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        """Passages → (len(texts), dimension)."""

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The token vectors of each text, for late interaction."""


def unit(vectors: Vectors) -> Vectors:
    """Every row of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return scaled


def open_encoder(model: str | None = None) -> Encoder:
    """The built-in model, or the folder or hub id `model`. Raises EncoderError, or CorpusError if not as shipped."""
    folder = Path(model) if model else BUILT_IN
    if folder == BUILT_IN:
        check(BUILT_IN.parent, f"{BUILT_IN.name}/modules.json")
    if _is_static(folder):
        return StaticEncoder(folder)
    return TransformerEncoder(str(folder) if folder.is_dir() else str(model))


def _is_static(folder: Path) -> bool:
    """Whether `folder` holds one table of token vectors and nothing beside it but normalisation."""
    try:
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
        types = [(module["path"], module["type"].rpartition(".")[2]) for module in modules]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return types[:1] == [(".", "StaticEmbedding")] and {kind for _, kind in types[1:]} <= {"Normalize"}


class StaticEncoder:
    """One vector per token, added up and normalised; the token vectors' lengths are their weights.

    The table stays where it is on disk, mapped, so that processes share it and only the rows in use are in memory. In a
    table of 8-bit integers each token's row is multiplied by its own scale when it is read.
    """

    def __init__(self, folder: Path) -> None:
        try:
            with ThreadPoolExecutor(1) as beside:  # to read the weights takes longest
                weights = beside.submit(_checked, folder, _WEIGHTS)
                tokenizer = _checked(folder, _TOKENIZER)
                self._encodings = Encodings(folder / _TOKENIZER)
            digest = sha256(f"{weights.result()}{tokenizer}".encode()).hexdigest()
            tensors = _tensors(folder / _WEIGHTS)
            self._rows = next(tensors[name] for name in _TABLES if name in tensors)
        except EncoderError:
            raise
        except Exception as error:  # which is all that tokenizers raises
            raise EncoderError(f"{folder}: not a usable static model ({error!r}); restore the folder") from error
        self._scales, self._places = tensors.get("weights"), tensors.get("mapping")
        self.name = f"static {digest}"
        self.dimension = int(self._rows.shape[1])
        self._folder = folder
        self._directions = Directions(self._vectors, len(self._rows if self._places is None else self._places))

    def __reduce__(self) -> tuple[type["StaticEncoder"], tuple[Path]]:
        """It travels to another process as its folder."""
        return StaticEncoder, (self._folder,)

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        sums = np.zeros((len(texts), self.dimension), np.float32)
        for at, encoding in enumerate(self._encodings(texts)):
            if encoding.ids:
                sums[at] = self._vectors(np.array(encoding.ids, np.uint32)).sum(axis=0)
        return unit(sums)

    encode_document = encode_query

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        encodings = self._encodings(texts)
        held = [np.array(encoding.ids, np.uint32) for encoding in encodings]
        return [
            Tokens(self._vectors(ids), tuple(Span(*offsets) for offsets in encoding.offsets), ids)
            for ids, encoding in zip(held, encodings, strict=True)
        ]

    def table(self, tokens: Ids) -> Vectors:
        return self._directions(tokens)

    def _vectors(self, tokens: Ids) -> Vectors:
        rows = tokens if self._places is None else self._places[tokens]
        vectors = np.asarray(self._rows[rows], dtype=np.float32)
        return vectors if self._scales is None else vectors * self._scales[tokens][:, None]


class Directions:
    """Vectors of length 1 by token id, those that were asked for remembered. Safe to share between threads."""

    def __init__(self, vectors: Callable[[Ids], Vectors], count: int) -> None:
        """`vectors` gives those of any length, for ids below `count`."""
        self._vectors = vectors
        self._places = np.full(count, -1, np.int32)
        self._held = vectors(np.zeros(0, np.uint32))
        self._lock = Lock()

    def __call__(self, tokens: Ids) -> Vectors:
        """(tokens, dimension)."""
        places = self._places[tokens]
        if places.size and places.min() < 0:
            self._remember(np.unique(tokens[places < 0]))
            places = self._places[tokens]
        found: Vectors = self._held[places]  # read after the places, for it only ever grows
        if places.size and places.min() < 0:
            found[places < 0] = unit(self._vectors(tokens[places < 0]))
        return found

    def _remember(self, tokens: Ids) -> None:
        with self._lock:
            new = tokens[self._places[tokens] < 0][: _REMEMBERED - len(self._held)]
            if len(new):
                first = len(self._held)
                self._held = np.concatenate([self._held, unit(self._vectors(new))])
                self._places[new] = np.arange(first, first + len(new))


def _tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a safetensors file by name, mapped: a length, a header in JSON, then the numbers.

    Raises ValueError, KeyError or OSError if it is none.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > path.stat().st_size:
            raise ValueError(f"{path.name} is no safetensors file")
        header = json.loads(file.read(length))
    return {
        name: _mapped(path, _TYPES[told["dtype"]], 8 + length + told["data_offsets"][0], tuple(told["shape"]))
        for name, told in header.items()
        if name != "__metadata__"
    }


def _mapped(path: Path, kind: str, offset: int, shape: tuple[int, ...]) -> NDArray[Any]:
    count = math.prod(shape) * np.dtype(kind).itemsize
    with path.open("rb") as file:
        held = mmap(file.fileno(), offset + count, access=ACCESS_READ)
    held.madvise(MADV_RANDOM)  # rows are far from each other: what lies around one is not wanted with it
    return np.frombuffer(held, kind, math.prod(shape), offset).reshape(shape)


def _checked(folder: Path, name: str) -> str:
    """The SHA-256 of a file that vectors depend on. Raises EncoderError where it isn't the one of `SHA256SUMS`."""
    # All at once: piece by piece it would wait for its turn with whatever else is loaded.
    with (folder / name).open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        held = sha256(content).hexdigest()
    if _listed(folder / CHECKSUMS).get(name, held) != held:
        raise EncoderError(f"{folder / name}: not the file that {CHECKSUMS} lists; restore the folder")
    return held


def _listed(sums: Path) -> dict[str, str]:
    """File name → SHA-256, from a file as `sha256sum` writes it; empty if there is none."""
    if not sums.exists():
        return {}
    lines = (line.split(maxsplit=1) for line in sums.read_text("ascii").splitlines())
    return {name: digest for digest, name in lines}


class TransformerEncoder:
    """Any sentence-transformers model, with its own prompts for questions and passages."""

    table = None

    def __init__(self, model: str) -> None:
        self._model = load_model("SentenceTransformer", model, "unset YINJU_MODEL for the built-in model")
        self.name = f"sentence-transformers {model}"
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        return self._float32(self._model.encode_query(list(texts), normalize_embeddings=True, show_progress_bar=False))

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        return self._float32(
            self._model.encode_document(list(texts), normalize_embeddings=True, show_progress_bar=False)
        )

    def _float32(self, vectors: Any) -> Vectors:
        return np.asarray(vectors, dtype=np.float32).reshape(-1, self.dimension)

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        held = self._model.encode(
            list(texts), prompt="", output_value="token_embeddings", convert_to_numpy=False, show_progress_bar=False
        )
        return [self._tokens(text, vectors.float().numpy()) for text, vectors in zip(texts, held, strict=True)]

    def _tokens(self, text: str, vectors: Vectors) -> Tokens:
        """The vectors of the tokens that stand somewhere in the text; special tokens stand nowhere."""
        encoded = self._model.tokenizer(text, return_offsets_mapping=True, truncation=True)
        spans = [Span(*offsets) for offsets in encoded["offset_mapping"]][: len(vectors)]
        real = [at for at, span in enumerate(spans) if span.start < span.end]
        return Tokens(vectors[real], tuple(spans[at] for at in real))


def load_model(kind: str, model: str, otherwise: str) -> Any:
    """The sentence-transformers class `kind` with `model`, a path or hub id. Raises EncoderError with what to do."""
    from httpx2 import HTTPError

    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    try:
        return _cached_or_fetched(kind, model)
    except (OSError, ValueError, ImportError, HTTPError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__  # a timeout has no message
        raise EncoderError(
            f"{model}: can't be loaded ({reason}); name the path of a sentence-transformers folder, or a hub id "
            f"while the network is there, or {otherwise}"
        ) from error


def _cached_or_fetched(kind: str, model: str) -> Any:
    """A folder, or a hub id's cached copy, needs no network; without either, one request says whether the hub answers.

    The libraries below try six times for each file they look for, which takes minutes where there is no network.
    """
    import sentence_transformers
    from huggingface_hub import model_info

    load = getattr(sentence_transformers, kind)
    try:
        return load(model, device="cpu", trust_remote_code=False, local_files_only=True)
    except OSError:
        if Path(model).is_dir():
            raise
    model_info(model, timeout=_HUB_TIMEOUT)
    return load(model, device="cpu", trust_remote_code=False)
