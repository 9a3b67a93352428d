"""Yinju as its clients have it: `yinju serve` in a process of its own, asked over HTTP on a kept-alive connection."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks.peers.passage import Passage, Reply
from benchmarks.peers.worker import ENVIRONMENT, ROOT, peak


class Server:
    def __init__(self, data: Path, log: Path) -> None:
        """Returns as soon as it accepts connections."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        settings = {"YINJU_DATA": str(data), "YINJU_HOST": "127.0.0.1", "YINJU_PORT": str(port)}
        environ = {**os.environ, **ENVIRONMENT, **settings}
        command = [str(Path(sys.executable).with_name("yinju")), "serve"]
        with log.open("a") as errors:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=errors, stderr=errors)
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        while not self._is_up():
            sleep(0.01)

    def _is_up(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError("`yinju serve` did not start")
        try:
            self._connection.connect()
        except OSError:
            return False
        return True

    def ask(self, questions: Sequence[str]) -> list[Reply]:
        # The server hangs up on who has been silent for some seconds.
        self._connection.close()
        self._connection.connect()
        return list(self._replies(questions))

    def _replies(self, questions: Sequence[str]) -> Iterator[Reply]:
        for question in questions:
            begun = perf_counter()
            body = json.dumps({"question": question}).encode()
            self._connection.request("POST", "/api/ask", body, {"content-type": "application/json"})
            response = self._connection.getresponse()
            answer = json.loads(response.read())
            ms = (perf_counter() - begun) * 1000
            if response.status != 200:
                raise RuntimeError(f"{response.status} for {question!r}: {answer}")
            yield Reply(answer["answered"], tuple(map(_passage, answer["quotes"] or answer["nearest"])), ms)

    def peak(self) -> float:
        return peak(self._process.pid)

    def close(self) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.wait()


def _passage(quote: Mapping[str, Any]) -> Passage:
    cited = quote["citation"]
    return Passage(
        quote["passage_id"], quote["text"], cited["title"] or "", cited["date"] or "", cited["source_url"] or ""
    )
