"""jieba's dictionary as it is mapped, against jieba's own reading of it."""

from importlib.metadata import version
from random import Random

from benchmarks.files.prose import proses
from embeddings import glossary
from embeddings.dictionary import FOLDER, Dictionary
from embeddings.terms import Analyser
from embeddings.training.dictionary import frequencies


def test_it_holds_what_jieba_reads() -> None:
    held, total = frequencies()
    mapped = Dictionary()
    assert FOLDER.name == f"dictionary-{version('jieba')}" and mapped.total == total
    assert all(mapped[word] == frequency for word, frequency in held.items())
    assert not any(f"{word}儿" in mapped for word in list(held)[::50] if f"{word}儿" not in held)
    assert mapped.get("不是词典里的词") is None and mapped.get("不是词典里的词", 7) == 7


def test_the_analyser_says_the_same_with_and_without_it() -> None:
    names = [name for concept in glossary.load(glossary.BUILT_IN) for name in concept.names.get("zh", ())]
    mapped, whole = Analyser(names), Analyser(names)
    whole.read_whole()
    for language in ("zh-Hans", "zh-Hant"):
        prose, rng = proses()[language], Random(3)
        for _ in range(100):
            text = prose.paragraph(rng, 100)
            assert mapped.terms(text) == whole.terms(text)
