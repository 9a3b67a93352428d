"""A passage's proof as one small file: all that it takes to check a quote against the file that it came from."""

import json

from corpus.document import Document, Passage


def proof(document: Document, passage: Passage) -> str:
    """JSON: the quote, its spans of the text of record, and the digests.

    `text_of_record` is null where that is the file itself, in UTF-8, and else there, for no reader need be at hand.
    """
    held = {
        "passage_id": passage.id,
        "text": passage.text,
        "spans": passage.spans,
        "sha256": document.sha256,
        "text_sha256": document.text_sha256,
        "text_of_record": document.raw if document.text_sha256 else None,
        "reader": document.reader,
    }
    return json.dumps(held, ensure_ascii=False, indent=1) + "\n"
