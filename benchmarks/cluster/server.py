"""A Milvus server in a process of its own, as the package `milvus` brings it for Linux on x86-64."""

import socket
import subprocess
from contextlib import closing
from pathlib import Path


class Server:
    """With its data in a folder; of those that run at once on one machine only one starts."""

    def __init__(self, folder: Path) -> None:
        from milvus import MilvusServer, MilvusServerConfig

        self.port, self._folder = free_port(), folder
        self._first = MilvusServer(MilvusServerConfig(data_dir=str(folder), proxy_port=self.port))
        self._first.start()
        self._process: subprocess.Popen[bytes] = self._first.server_proc
        self._environ = Path(f"/proc/{self._process.pid}/environ").read_bytes()

    def kill(self) -> None:
        """As with kill -9."""
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        """Just as it was: its own starter would wait until the port has been idle for a minute."""
        environ = dict(entry.split(b"=", 1) for entry in self._environ.split(b"\0") if entry)
        with (self._folder / "logs" / "again.log").open("wb") as log:
            self._process = subprocess.Popen(self._process.args, cwd=self._folder, env=environ, stdout=log, stderr=log)

    def memory_mb(self) -> float:
        """What the process holds."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text("ascii").splitlines()
        return int(dict(line.split(":", 1) for line in lines)["VmRSS"].split()[0]) / 1e3

    def stop(self) -> None:
        self.kill()
        self._first.stop()


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port
