"""How often one caller may ask: each has so many requests, which come back one by one."""

import time
from collections import OrderedDict
from collections.abc import Callable

_MINUTE = 60.0  # seconds
_MOST = 50_000  # callers that are remembered; who has not asked for longest is forgotten first


class Rate:
    """At most `limit` requests of a caller at once, and as many in each minute after them.

    It is the generic cell rate algorithm (ITU-T I.371): of a caller nothing is kept but when all will have come back.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = _MINUTE / limit  # seconds in which one comes back
        self._clock = clock
        self._full = OrderedDict[str, float]()

    def wait(self, caller: str) -> float:
        """Take a request; if there is none, the seconds until there is."""
        now = self._clock()
        full = max(now, self._full.pop(caller, now)) + self._interval
        missing = full - now - _MINUTE
        self._full[caller] = full - self._interval if missing > 0 else full
        if len(self._full) > _MOST:
            self._full.popitem(last=False)
        return max(missing, 0.0)
