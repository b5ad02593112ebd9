"""Ids sort by time, and no two are the same, whichever process mints them."""

from models.base import _Ids


def minted(node: int, number: int) -> list[int]:
    """What a fork with that number mints in one millisecond, where its parent was `node`."""
    ids = _Ids(lambda: 1_700_000_000.0)
    ids._node = node
    ids.set_apart(number)
    return [ids() for _ in range(100)]


def test_forks_of_one_process_mint_different_ids_in_the_same_millisecond() -> None:
    by_fork = [minted(60, number) for number in range(8)]
    assert all(ids == sorted(ids) for ids in by_fork)
    assert len({each for ids in by_fork for each in ids}) == 800


def test_exact_ids_stay_what_they_are_in_JavaScript_and_rise_among_the_others() -> None:
    ids = _Ids(lambda: 1_700_000_000.0)
    mixed = [ids.exact() if number % 2 else ids() for number in range(200)]

    assert all(int(float(each)) == each for each in mixed[1::2])
    assert mixed == sorted(set(mixed))
