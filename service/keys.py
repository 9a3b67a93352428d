"""API keys: known by their SHA-256 alone, compared in constant time."""

import hashlib
import hmac
import re
from dataclasses import dataclass

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Keys:
    """`digests` are lower-case hexadecimal; without any, everybody is admitted."""

    digests: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> "Keys":
        """Out of a comma-separated list. Raises ValueError, without what is wrong: it may be a key."""
        digests = tuple(part.strip().lower() for part in text.split(","))
        if not all(map(_DIGEST.fullmatch, digests)):
            raise ValueError("each entry must be the SHA-256 of a key, 64 hexadecimal digits")
        return cls(digests)

    def admit(self, key: str | None) -> bool:
        """Whether a caller with `key`, None if there is none, may come in."""
        if not self.digests:
            return True
        given = hashlib.sha256((key or "").encode("utf-8", "surrogateescape")).hexdigest()
        return any([hmac.compare_digest(given, digest) for digest in self.digests]) and key is not None
