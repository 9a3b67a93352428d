"""API keys: known by their SHA-256 alone, compared in constant time."""

import hashlib
import hmac
import re
from dataclasses import dataclass

_DIGEST = re.compile(r"([0-9a-f]{64})(?:\s+\*?-)?")  # and the name that sha256sum gives to what it is sent
_EMPTY = hashlib.sha256().hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """`digests` are lower-case hexadecimal; without any, everybody is admitted."""

    digests: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> "Keys":
        """Out of a comma-separated list. Raises ValueError, without what is wrong: it may be a key."""
        found = [_DIGEST.fullmatch(part.strip().lower()) for part in text.split(",")]
        digests = tuple(match[1] for match in found if match)
        if len(digests) < len(found):
            raise ValueError("each entry must be the SHA-256 of a key, 64 hexadecimal digits")
        if _EMPTY in digests:
            raise ValueError("one entry is the SHA-256 of no key at all, as of a variable that is not set")
        return cls(digests)

    def admit(self, key: str | None) -> bool:
        """Whether a caller with `key`, None if there is none, may come in."""
        return not self.digests or self.known(key) is not None

    def known(self, key: str | None) -> str | None:
        """The digest of `key` if it is one of these."""
        given = hashlib.sha256((key or "").encode("utf-8", "surrogateescape")).hexdigest()
        is_known = any([hmac.compare_digest(given, digest) for digest in self.digests])
        return given if is_known and key else None
