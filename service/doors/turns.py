"""What was said in a chat, freed of what frontends put around it."""

import re
from dataclasses import dataclass

# Text that a frontend hands over beside the question: files, search results, references. Names as the frontends use
# them: Open WebUI's RAG template and attachments, LobeHub's context, Cherry Studio's references, Open WebUI's merging.
_BESIDE = re.compile(
    r"<!-- SYSTEM CONTEXT \(NOT PART OF USER QUERY\) -->[\s\S]*?<!-- END SYSTEM CONTEXT -->"
    r"|\s*<attached_files>\n[\s\S]*?\n</attached_files>\s*"
)
_CONTEXT = re.compile(r"\s*### Task:\s*Respond to the user query using the provided context[\s\S]*</context>")
_WRAPPED = re.compile(
    r"\s*Please answer the question based on the reference materials[\s\S]*?"
    r"## My question is:\s*([\s\S]*?)\s*## Reference Materials:"
    r"|\s*You have been provided with a set of responses from various models to the latest user query: "
    r"\"([\s\S]*?)\"\s*\n"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one participant said, as it was sent."""

    role: str
    text: str

    @property
    def question(self) -> str:
        """The user's own words in it."""
        wrapped = _WRAPPED.match(self.text)
        if wrapped:
            return wrapped[1] or wrapped[2] or ""
        context = _CONTEXT.match(self.text)
        return _BESIDE.sub("", self.text[context.end() :] if context else self.text).strip()
