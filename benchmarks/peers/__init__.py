"""Yinju side by side with verbatim-rag, txtai and haystack: `__main__` says what is measured, and how to run it.

Every contestant answers in a process of its own. `passage`, `dialogue` and the contestants (`yinju`, `verbatim_rag`,
`txtai`, `haystack`) run there; the peers' run under their own interpreter, where the product is not installed, so they
import nothing of it. `worker` and `server` are such a process as it is seen from here, `collection` says what is put in
and asked, `contest` puts it to all of them in turns, `report` says what came of it.
"""
