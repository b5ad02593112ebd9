"""Links to files that are not for everybody: they expire, but not before tomorrow, so that pages can be kept."""

import base64
import hmac
import time
from collections.abc import Mapping

from server.config import Config

_DAY = 86_400


class Links:
    """Makes and checks links to files that are not for everybody."""

    def __init__(self, config: Config) -> None:
        self._base = config.base_url
        self._key = hmac.digest(config.secret_key, b"media links", "sha256")

    def sign(self, path: str, *, owner: int | None = None, at: float | None = None) -> str:
        """An absolute address for `path` that works until the end of tomorrow, UTC; one for the file's `owner` alone
        outlives the post that it was in."""
        until = (int(at if at is not None else time.time()) // _DAY + 2) * _DAY
        whose = f"&owner={owner}" if owner is not None else ""
        return f"{self._base}{path}?until={until}{whose}&by={self._mac(path, until, whose)}"

    def holds(self, path: str, query: Mapping[str, str], *, at: float | None = None) -> bool:
        try:
            until = int(query.get("until", ""))
        except ValueError:
            return False
        in_time = (at if at is not None else time.time()) < until
        whose = f"&owner={query['owner']}" if "owner" in query else ""
        return in_time and hmac.compare_digest(self._mac(path, until, whose), query.get("by", ""))

    def _mac(self, path: str, until: int, whose: str) -> str:
        mac = hmac.digest(self._key, f"{path} {until}{whose}".encode(), "sha256")
        return base64.urlsafe_b64encode(mac[:18]).decode()
