"""What frontends ask the model behind the user's back: titles, tags, follow-ups, queries. Nothing is searched for it.

The prompts are told by how they begin, as they stand in Open WebUI (config.py), LobeHub (packages/prompts), LibreChat
(agents/src/utils/title.ts), Dify (llm_generator/prompts.py), Cherry Studio (config/prompts.ts), Chatbox
(packages/prompts.ts) and NextChat (locales). All is found by plain search: a message may be megabytes of anything.
"""

import json
import re
from collections.abc import Iterator, Sequence

from service.doors.turns import Turn

_TITLE = 40  # characters
_UNTITLED = "引据"

# How a system message begins that makes the user's message data. Long enough to spare what users tell their assistants.
_SYSTEM = (
    "You are a professional conversation summarizer. ",
    "You are a conversation summarizer. Your task is to create a concise summary",
    "You are a conversation-savvy assistant. Summarize the conversation into a title",
    "You're an assistant who's good at extracting key takeaways from conversations and summarizing them",
    "You are an assistant skilled in conversation. You need to summarize the user's conversation into a title",
    "You are an assistant skilled at extracting conversation tags",
    "You are an autocomplete engine for a chat input box",
    "You are a sidecar that extracts",
    "You are deciding whether a web search would help",
    "You are deciding whether searching the attached knowledge base",
    "You are Open WebUI's private memory reviewer",
    "Summarize the conversation for future reference.\n\nRequirements:",
    "Summarize the conversation into a title",
    "Summarize the given session as a 10-word title",
    "Given the following conversation and a follow-up question, rephrase the follow up question to be a standalone",
    "Name the conversation based on the chat records.",
    "Available Tools: [{",
    "你是一名擅长会话的助理，你需要将用户的会话总结为",
    "总结给出的会话，将其总结为语言为",
    "将给定的对话总结为一个",
)
# How the last message begins that is the instruction itself.
_LAST = (
    "Your task is to reflect the speaker's likely facial expression",
    "Provide a concise, 5-word-or-less title for the conversation",
    "Analyze this conversation and provide:\n",
    "Please generate a concise title (max 40 characters)",
    "Hold on, before you continue I need you to write me a checkpoint",
    "Hold on again, update your checkpoint.",
    "You need to decompose the user's input into",
    "You are asked to generate a concise chat title by decomposing",
    "Here is a task description for which I would like you to create a high-quality prompt template",
    "You are an AI question rephraser. Your role is to rephrase",
    "Your task is to precisely identify the language used in the user's input text",
    "Based on the chat history, give this conversation a name.",
    "Create a concise, informative title for the conversation below.",
    "Create a loss-minimizing continuity record of this conversation",
    "Create a detailed continuity record",
    "Name the conversation based on the chat records.",
    "Please generate a four to five word title summarizing our conversation",
    "Summarize the discussion briefly in 200 words or less",
    "Summarize the conversation into a title",
    "根据聊天记录，给这个对话起一个名字",
    "根據聊天記錄，給這個對話起一個名字",
    "使用四到五个字直接返回这句话的简要主题",
    "使用四到五個字直接返回這句話的簡要主題",
    "简要总结一下对话内容，用作后续的上下文提示",
    "簡要總結一下對話內容，用作後續的上下文提示",
)
# What it holds where the data come first.
_INSIDE = (
    "Please help me predict the three most likely questions that human would ask",
    'You must output a JSON array like ["question1", "question2", "question3"].',
    "Please summarize the above conversation into a title within",
    "Please summarize the above conversation and retain key information",
    "请总结上述对话为10个字以内的标题",
)
# Open WebUI's tasks, whose wording changes between versions; its template for files begins alike and holds a question.
_TASK, _QUESTION = "### Task:", "Respond to the user query"
_WISHES = ("title", "tag", "follow-up", "follow_up", "quer", "autocomplet", "image", "summar", "<chat_history>")
_KEY = re.compile(
    r'"(title|tags|follow_ups|queries|text|prompt|Your Output)" ?(?::|string)|\b(tool_calls|operations)\b'
)
_NAMED = (
    ("follow-up", "follow_ups"),
    ("tags", "tags"),
    ("quer", "queries"),
    ("autocomplet", "text"),
    ("title", "title"),
)
_USER, _OTHERS = ("USER:", "User:", "user:", "<user>"), ("ASSISTANT:", "Assistant:", "assistant:", "AI:", "</user>")


def chore(turns: Sequence[Turn]) -> str | None:
    """The reply to a prompt of the frontend's own; None if it is the user who asks."""
    last = turns[-1].text.lstrip() if turns else ""
    system = next((turn.text.lstrip() for turn in turns if turn.role in ("system", "developer")), "")
    if system.startswith(_SYSTEM):
        return _reply(system, turns)
    is_chore = last.startswith(_LAST) or any(words in last for words in _INSIDE) or _is_task(last)
    return _reply(last, turns) if is_chore else None


def _is_task(text: str) -> bool:
    task = text.removeprefix(_TASK).lstrip()
    return text.startswith(_TASK) and not task.startswith(_QUESTION) and any(wish in task for wish in _WISHES)


def _reply(task: str, turns: Sequence[Turn]) -> str:
    instruction, said = task.partition("<chat_history>")[0], _said(turns)
    if _INSIDE[0] in task or _INSIDE[1] in task:
        return "[]"
    if instruction.startswith(_LAST[0]):
        return ""
    title = _title(said[0])
    wanted = {"title": title, "Your Output": title, "queries": said[-1:], "prompt": said[-1], "text": ""}
    key = _wanted(instruction)
    return title if key is None else json.dumps({key: wanted.get(key, [])}, ensure_ascii=False)


def _wanted(instruction: str) -> str | None:
    """The key of the JSON object that the reply should be; None if plain text is wanted."""
    found = _KEY.search(instruction)
    if found:
        return found[1] or found[2]
    opening = instruction[:400].lower()
    return next((key for word, key in _NAMED if word in opening), None) if instruction.startswith(_TASK) else None


def _said(turns: Sequence[Turn]) -> list[str]:
    """The user's words as the prompt recounts them, or as they stand before it; at least one."""
    before = [turn.question for turn in turns[:-1] if turn.role == "user"]
    told = list(_recounted(turns[-1].text.strip()))
    return [text.strip() for text in told or before if text.strip()] or [_UNTITLED]


def _recounted(data: str) -> Iterator[str]:
    if data.startswith("Follow Up Input: "):  # LobeHub
        yield data.removeprefix("Follow Up Input: ").rpartition(", it's standalone query:")[0]
    elif data.startswith("[{"):  # Cherry Studio
        yield from _in_json(data)
    elif data.startswith("You are an AI question rephraser"):  # Cherry Studio
        yield data.rpartition("Follow up question: ")[2]
    else:
        history = data.partition("<chat_history>")[2].rpartition("</chat_history>")[0]
        yield from _in_lines(history or data)


def _in_json(data: str) -> Iterator[str]:
    try:
        held = json.loads(data.removesuffix("/no_think"))
    except (ValueError, RecursionError):
        return
    yield from (str(turn.get("mainText", "")) for turn in held if isinstance(turn, dict) and turn.get("role") == "user")


def _in_lines(transcript: str) -> Iterator[str]:
    """What follows each mark of the user's, up to the next speaker's."""
    said: list[str] | None = None
    for line in transcript.splitlines():
        if line.startswith(_USER) or line.startswith(_OTHERS):
            if said is not None:
                yield "\n".join(said)
            mark = next((mark for mark in _USER if line.startswith(mark)), None)
            said = None if mark is None else [line.removeprefix(mark)]
        elif said is not None:
            said.append(line)
    if said is not None:
        yield "\n".join(said)


def _title(said: str) -> str:
    """The first line; without signs that Open WebUI takes for the end of a JSON string."""
    line = re.sub(r"['‘’`\"]", "", said.splitlines()[0]).strip()
    return (line if len(line) <= _TITLE else f"{line[: _TITLE - 1].rstrip()}…") or _UNTITLED
