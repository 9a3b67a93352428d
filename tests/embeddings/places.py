"""Where an index may be kept: what must be so of one must be so of the other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from corpus.cluster import Cluster
from embeddings import glossary
from embeddings.cluster_growth import ClusterGrowth, open_index
from embeddings.encoder import Encoder, open_encoder
from embeddings.glossary import Glossary
from embeddings.growth import FixedRows, Growth, Source
from embeddings.index import Index
from embeddings.rows import Row
from service.engine import Growing

NAMES = glossary.load(glossary.BUILT_IN)
ENCODER = open_encoder()


class Place(Protocol):
    """A place for one index."""

    def __init__(self, folder: Path) -> None: ...

    def growth(self, source: Source) -> Growing: ...

    def open(self, encoder: Encoder = ENCODER, names: Glossary = NAMES, before: Index | None = None) -> Index: ...


class InFolder:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def growth(self, source: Source) -> Growing:
        return Growth(self.folder, source, ENCODER, NAMES)

    def open(self, encoder: Encoder = ENCODER, names: Glossary = NAMES, before: Index | None = None) -> Index:
        return Index.open(self.folder, encoder, names, before)


class InMilvus:
    """Milvus Lite."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.cluster = folder, Cluster(f"milvus+file://{folder}/milvus.db")

    def growth(self, source: Source) -> Growing:
        return ClusterGrowth(self.cluster, self.folder / "locks", source, ENCODER, NAMES)

    def open(self, encoder: Encoder = ENCODER, names: Glossary = NAMES, before: Index | None = None) -> Index:
        return open_index(self.cluster, encoder, names, before)


PLACES: Sequence[type[Place]] = [InFolder, InMilvus]


def build(place: Place, rows: Sequence[Row]) -> bool:
    """Let the index at a place be of just these rows; whether anything was to be done."""
    return place.growth(FixedRows(rows)).grow()
