"""Translations of one Answer for HTTP and the terminal; no logic of their own."""
