"""What benchmarks believe: where an answer stands, which connection is cut, whether a goal is met."""

import socket
import threading

import pytest

from benchmarks.attacks.__main__ import Goal
from benchmarks.attacks.slow import Kind, slow
from benchmarks.long_passages import place

PASSAGE = "双方签署了条约。会议在北京举行。代表团参观了博物馆。"


@pytest.mark.parametrize(
    ("question", "where"),
    [
        ("双方签署了什么？", "first sentence"),
        ("會議在哪裡舉行？", "in between"),
        ("代表团参观了什么？", "last sentence"),
    ],
)
def test_the_sentence_with_most_of_the_words_is_the_answer(question: str, where: str) -> None:
    assert place(question, PASSAGE) == where


def test_a_question_that_two_sentences_share_counts_nowhere() -> None:
    assert place("双方举行了什么会议和签署？", PASSAGE) is None


def test_a_connection_is_cut_when_the_server_lets_go_of_it_even_if_the_client_would_not_see_it() -> None:
    """The replies before its end are never read."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def accepting() -> None:
            for number in range(4):
                connection, _ = server.accept()
                connection.recv(1 << 20)
                connection.send(b"replies")
                kept.append(connection)
                if number % 2 == 0:
                    connection.close()

        thread = threading.Thread(target=accepting)
        thread.start()
        came_of_it = slow(server.getsockname()[1], (Kind.DEAF, Kind.HEAD), 4, seconds=2)
        thread.join()
        for connection in kept:
            connection.close()
    assert came_of_it["connections"] == 4 and came_of_it["cut"] == 2 and came_of_it["last_cut_s"]
    assert came_of_it["left_open"] == {Kind.HEAD.value: 2}


def test_what_never_happened_misses_its_goal() -> None:
    assert [Goal("cut", figure, 15.0).is_met for figure in (15.0, 15.1, None)] == [True, False, False]
