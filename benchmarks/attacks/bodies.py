"""A body that is far too large, sent until the service ends the connection, whatever it replies."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import perf_counter
from typing import Any

SIZE = 300 << 20  # bytes
_PIECE = b" " * (1 << 20)
_PATIENCE = 15.0  # seconds for one piece to be taken, or for a reply


def too_large(port: int, chunked: bool) -> dict[str, Any]:
    """The status, how many ms after the first byte was sent it was there, and how much had been sent at the end."""
    length = "transfer-encoding: chunked" if chunked else f"content-length: {SIZE}"
    head = f"POST /api/ask HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
    piece = b"%x\r\n%b\r\n" % (len(_PIECE), _PIECE) if chunked else _PIECE
    with socket.create_connection(("127.0.0.1", port)) as connection, ThreadPoolExecutor(1) as beside:
        connection.settimeout(_PATIENCE)
        begun, sent = perf_counter(), 0
        reply = beside.submit(_status, connection)
        with suppress(OSError):  # the service has hung up
            connection.sendall(head.encode())
            while sent < SIZE:
                connection.sendall(piece)
                sent += len(_PIECE)
        status, at = reply.result()
        return {"status": status, "refused_ms": (at - begun) * 1000, "sent_mib": sent >> 20}


def _status(connection: socket.socket) -> tuple[int | None, float]:
    """None if the connection ended without a reply."""
    with suppress(OSError):
        line = connection.recv(1 << 16)
        if line:
            return int(line.split()[1]), perf_counter()
    return None, perf_counter()
