"""A chat as frontends send it → the question to answer, and what will make the message."""

from collections.abc import Callable, Sequence

from service.collection import Collection
from service.doors.housekeeping import chore
from service.doors.message import Message, message
from service.doors.problems import UnknownModel
from service.doors.turns import Turn
from service.question import BadQuestion, checked

MODEL = "yinju"


def replying(collection: Collection, model: str, turns: Sequence[Turn]) -> Callable[[], Message]:
    """What makes the message to the last of the user's turns.

    All that can be found wrong without searching is raised here, before a stream begins: UnknownModel, BadQuestion,
    and why there is no index to search.
    """
    done = chore(turns)
    if done is not None:
        # It repeats the user's words unread, with half of a pair of surrogates where a frontend cut one.
        return lambda: Message((done.encode("utf-8", "replace").decode(),), ())
    if model != MODEL:
        raise UnknownModel(f"there is no such model; the one here is {MODEL!r}")
    asked = [turn.question for turn in turns if turn.role == "user"]
    if not asked:
        raise BadQuestion("there is no message of the user's; send one with the role `user`")
    if not asked[-1]:
        raise BadQuestion("the last message of the user's holds no text; images and files can't be read here")
    question, answerer = checked(asked[-1]), collection.answerer()
    return lambda: message(answerer.ask(question, history=asked[:-1]))
