"""A generated collection of files in every format, encoding and language, with duplicates and broken ones among them.

    python -m benchmarks.files FOLDER COUNT [SEED]

The prose is made of the collections' own words (the built-in statements and tests/quality/second), word after word as
they follow each other there: it reads like them and means nothing.
"""
