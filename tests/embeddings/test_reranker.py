"""A cross-encoder, small and with random weights, that puts quotes into its own order."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from sentence_transformers import CrossEncoder
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from embeddings.encoder import EncoderError
from embeddings.reranker import Reranker
from service.answer import Answerer
from service.collection import Collection
from service.settings import Settings

QUESTION = "全球战略稳定"


@pytest.fixture(scope="module")
def model(
    tmp_path_factory: pytest.TempPathFactory,
    statements: dict[str, str],
    character_tokenizer: Callable[[Iterable[str]], PreTrainedTokenizerFast],
) -> Path:
    folder = tmp_path_factory.mktemp("cross-encoder")
    tokenizer = character_tokenizer(
        sorted({char for text in statements.values() for char in text if not char.isspace()})
    )
    tokenizer.model_max_length = 256
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=256,
        initializer_range=0.5,  # so that random weights tell passages apart
    )
    config.num_labels = 1
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_the_same_passages_come_in_the_model_s_order(collection: Collection, model: Path) -> None:
    plain = collection.answerer()
    reranked = Answerer(collection.store, collection.index(), collection.lookup(), Reranker(str(model)))
    before, after = plain.ask(QUESTION, 50), reranked.ask(QUESTION, 50)
    assert len(before.quotes) > 3
    scores = {quote.passage_id: quote.score for quote in before.quotes}
    assert {quote.passage_id: quote.score for quote in after.quotes} == scores
    texts = {quote.passage_id: quote.text for quote in before.quotes}
    theirs = CrossEncoder(str(model), device="cpu").predict([(QUESTION, text) for text in texts.values()])
    expected = [name for _, name in sorted(zip(-theirs, texts, strict=True), key=lambda held: held[0])]
    assert [quote.passage_id for quote in after.quotes] == expected
    assert [quote.number for quote in after.quotes] == list(range(1, len(expected) + 1))


def test_the_setting_names_it_and_a_wrong_one_says_what_to_do(model: Path, tmp_path: Path) -> None:
    given = Settings.from_environ({"YINJU_RERANKER": str(model), "YINJU_DATA": str(tmp_path)})
    assert isinstance(Collection(given).reranker, Reranker)
    assert Collection(Settings(data=tmp_path)).reranker is None
    with pytest.raises(EncoderError, match="unset YINJU_RERANKER"):
        _ = Collection(Settings(data=tmp_path, reranker="/no/such/model")).reranker


def test_nothing_is_asked_of_it_when_there_is_nothing_to_order(model: Path) -> None:
    assert Reranker(str(model)).scores(QUESTION, []) == []
