"""What was said in a chat, freed of what frontends put around it."""

from dataclasses import dataclass

# As they stand in Open WebUI (its template for files, attachments, merging), LobeHub and Cherry Studio. All is found by
# plain search: a message may be megabytes of anything.
_TEMPLATE = "### Task:\nRespond to the user query using the provided context"
_TEMPLATE_END = "\n</context>\n\n"
_ATTACHED, _ATTACHED_END = "<attached_files>\n", "\n</attached_files>"
_BESIDE = "<!-- SYSTEM CONTEXT (NOT PART OF USER QUERY) -->"
_BESIDE_END = "<!-- END SYSTEM CONTEXT -->"
_REFERENCES = "Please answer the question based on the reference materials"
_MERGED = 'You have been provided with a set of responses from various models to the latest user query: "'


@dataclass(frozen=True, slots=True)
class Turn:
    """What one participant said, as it was sent."""

    role: str
    text: str

    @property
    def question(self) -> str:
        """The user's own words in it."""
        text = self.text.strip()
        if text.startswith(_REFERENCES):
            text = text.partition("## My question is:")[2].rpartition("## Reference Materials:")[0]
        elif text.startswith(_MERGED):
            text = text.removeprefix(_MERGED).partition('"\n')[0]
        elif text.startswith(_TEMPLATE):
            text = text.rpartition(_TEMPLATE_END)[2]
        if text.startswith(_ATTACHED):
            text = text.partition(_ATTACHED_END)[2] or text
        before, beside, after = text.partition(_BESIDE)
        text = before + after.partition(_BESIDE_END)[2] if beside else text
        return text.strip().removesuffix("/no_think").strip()
