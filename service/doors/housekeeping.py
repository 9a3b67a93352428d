"""What frontends ask the model behind the user's back: titles, tags, follow-ups, queries. Nothing is searched for it.

The prompts are told by their first words, as they stand in Open WebUI (config.py), LobeHub (packages/prompts),
LibreChat (agents/src/utils/title.ts), Dify (llm_generator/prompts.py), Cherry Studio (config/prompts.ts), Chatbox
(packages/prompts.ts) and NextChat (locales).
"""

import json
import re
from collections.abc import Sequence

from service.doors.turns import Turn

_TITLE = 40  # characters
_UNTITLED = "引据"

_SYSTEM = re.compile(
    r"\s*(?:You are a (?:professional )?conversation summarizer"
    r"|You(?:'re| are) an? (?:conversation-savvy assistant|assistant who's good at extracting key takeaways"
    r"|assistant skilled (?:at extracting conversation tags|in conversation\. You need to summarize)"
    r"|autocomplete engine for a chat input|sidecar that extracts|professional translator\. Translate the input)"
    r"|You are deciding whether (?:a web search|searching the attached)"
    r"|As a professional researcher with access to both"
    r"|Summarize the (?:conversation (?:for future reference|into a title|in)|given session as a)"
    r"|Given the following conversation and a follow-up question, rephrase|Name the conversation based on the chat"
    r"|Available Tools: \[|You are Open WebUI's private memory reviewer"
    r"|你是一名擅长会话的助理|总结给出的会话，将其总结为|将给定的对话总结为)"
)
_LAST = re.compile(
    r"\s*(?:### Task:(?!\s*Respond to the user query)|Your task is to reflect the speaker's likely facial expression"
    r"|Provide a concise, 5-word-or-less title|Analyze this conversation and provide:"
    r"|(?:Please g|G)enerate a concise title|Hold on(?: again)?, (?:before you continue I need|update your checkpoint)"
    r"|You need to decompose the user's input into|You are asked to generate a concise chat title"
    r"|You are (?:an AI question rephraser|a search engine optimization expert|a translation expert\. Your only task)"
    r"|Your task is to precisely identify the language|Based on the chat history, give this conversation a name"
    r"|Create a (?:concise, informative title for the|loss-minimizing|detailed) con(?:versation|tinuity)"
    r"|Name the conversation based on the chat|Please generate a four to five word title"
    r"|Summarize the (?:discussion briefly in 200 words|conversation into a title)"
    r"|根据聊天记录，给这个对话起一个名字|使用四到五个字直接返回这句话的简要主题|简要总结一下对话内容，用作后续的上下文提示)"
)
_INSIDE = re.compile(
    r"Please help me predict the three most likely questions that human would ask"
    r"|You must output a JSON array like \[\"question1\""
    r"|Please summarize the above conversation(?: into a title within| and retain)|请总结上述对话为10个字以内的标题"
)
_HISTORY = re.compile(r"<chat_history>[\s\S]*</chat_history>")
_KEY = re.compile(
    r"\"(title|tags|follow_ups|queries|text|prompt|Your Output)\"\s*(?::|string)|\b(tool_calls|operations)\b"
)
# Where the task says nothing of JSON keys, its own words tell which one it wants.
_NAMED = (
    ("follow-up", "follow_ups"),
    ("tags", "tags"),
    ("quer", "queries"),
    ("autocomplet", "text"),
    ("title", "title"),
)
_WORDS = re.compile(
    r"Follow Up Input: (?P<rewrite>[\s\S]*?), it's standalone query:"
    r"|\"mainText\"\s*:\s*(?P<cherry>\"(?:[^\"\\]|\\.)*\")"
    r"|<user>\s*(?P<lobe>[\s\S]*?)\s*</user>"
    r"|^(?:USER|[Uu]ser): ?(?P<line>[\s\S]*?)(?=\n(?:ASSISTANT|[Aa]ssistant|AI|USER|[Uu]ser):|\s*</chat_history>|\Z)",
    re.MULTILINE,
)


def chore(turns: Sequence[Turn]) -> str | None:
    """The reply to a prompt of the frontend's own; None if it is the user who asks."""
    last = turns[-1].text if turns else ""
    system = next((turn.text for turn in turns if turn.role in ("system", "developer")), "")
    if _SYSTEM.match(system):
        return _reply(system, turns)
    return _reply(last, turns) if _LAST.match(last) or _INSIDE.search(last) else None


def _reply(task: str, turns: Sequence[Turn]) -> str:
    instruction, said = _HISTORY.sub("", task), _said(turns)
    if "three most likely questions" in instruction or "JSON array" in instruction:
        return "[]"
    if "facial expression" in instruction:
        return ""
    title = _title(said[0])
    wanted = {
        "title": title,
        "Your Output": title,
        "queries": said[-1:],
        "prompt": said[-1],
        "text": "",
    }
    key = _wanted(instruction)
    return title if key is None else json.dumps({key: wanted.get(key, [])}, ensure_ascii=False)


def _wanted(instruction: str) -> str | None:
    """The key of the JSON object that the reply should be; None if plain text is wanted."""
    found = _KEY.search(instruction)
    if found:
        return found[1] or found[2]
    opening = instruction[:400].lower()
    task = instruction.lstrip().startswith("### Task:")
    return next((key for word, key in _NAMED if word in opening), None) if task else None


def _said(turns: Sequence[Turn]) -> list[str]:
    """The user's words as the prompt recounts them, or as they stand before it; at least one."""
    told = [_recounted(match) for match in _WORDS.finditer(turns[-1].text)]
    before = [turn.question for turn in turns[:-1] if turn.role == "user"]
    return [text.strip() for text in told or before if text.strip()] or [_UNTITLED]


def _recounted(match: re.Match[str]) -> str:
    quoted = match["cherry"]
    if quoted:
        try:
            return str(json.loads(quoted))
        except ValueError:
            return quoted.strip('"')
    return match["rewrite"] or match["lobe"] or match["line"] or ""


def _title(said: str) -> str:
    """The first line; without signs that Open WebUI takes for the end of a JSON string."""
    line = re.sub(r"['‘’`\"]", "", said.splitlines()[0]).strip()
    return (line if len(line) <= _TITLE else f"{line[: _TITLE - 1].rstrip()}…") or _UNTITLED
