"""A cross-encoder reads a question and a passage together: slower than all else, and only asked if there is one."""

from collections.abc import Sequence

from embeddings.encoder import load_model


class Reranker:
    """Any sentence-transformers cross-encoder, by path or hub id."""

    def __init__(self, model: str) -> None:
        """Raises EncoderError if it can't be loaded."""
        self._model = load_model("CrossEncoder", model, "unset YINJU_RERANKER to do without")

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each of `texts` answers, on the model's own scale."""
        if not texts:
            return []
        held = self._model.predict([(question, text) for text in texts], show_progress_bar=False)
        return [float(score) for score in held.reshape(len(texts), -1)[:, -1]]
