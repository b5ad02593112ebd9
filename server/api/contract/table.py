"""All promises, by method and address."""

from functools import cache

from server.api.contract.endpoints import accounts, administration, company, posts, told
from server.api.contract.promises import Promise, anonymous


@cache
def promises() -> dict[tuple[str, str], Promise]:
    """Every promise by method and address, the address with `{}` where something is filled in."""
    found: dict[tuple[str, str], Promise] = {}
    for room in (accounts, posts, told, company, administration):
        for promise in room.ENDPOINTS:
            key = (promise.method, promise.path)
            assert key not in found, f"{key} is promised twice"  # noqa: S101 - a slip of whoever writes one down
            found[key] = promise
    return found


def promise_of(method: str, path: str) -> Promise | None:
    """What an address promises, given as a route has it; None where it promises nothing."""
    return promises().get((method, anonymous(path)))
