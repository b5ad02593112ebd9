"""The Link header: for many lists the only way to the next page, because they page by ids that are not in the body."""

from collections.abc import Sequence
from urllib.parse import urlencode

from server.api.routing import Call

_BORDERS = frozenset({"max_id", "since_id", "min_id"})


def links(call: Call, keys: Sequence[int]) -> dict[str, str]:
    """Headers for the page whose rows have `keys`, newest first: older rows are next, newer ones prev; none when empty.

    Addresses are absolute and keep the other parameters of the request.
    """
    if not keys:
        return {}
    kept = [(name, value) for name, value in call.request.query.items() if name not in _BORDERS]
    base = call.config.base_url + call.request.path

    def to(border: str, key: int) -> str:
        return f"{base}?{urlencode([*kept, (border, str(key))])}"

    return {"Link": f'<{to("max_id", keys[-1])}>; rel="next", <{to("min_id", keys[0])}>; rel="prev"'}
