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
        return not self.digests or self.known(key) is not None

    def known(self, key: str | None) -> str | None:
        """The digest of `key` if it is one of these."""
        given = hashlib.sha256((key or "").encode("utf-8", "surrogateescape")).hexdigest()
        is_known = any([hmac.compare_digest(given, digest) for digest in self.digests]) and key is not None
        return given if is_known else None
