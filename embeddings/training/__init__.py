"""How the built-in encoder in `embeddings/model` was made. Not imported by the product, re-runnable by anyone.

    python -m embeddings.training DATA_FOLDER MODEL_FOLDER

Read the steps in the order in which `__main__.py` runs them: vocabulary → tokenizer → teacher → start → train → model.
"""
