"""What is kept because it was made once: never more than its budget, and what was used lately longest."""

from server.api.entities.kept import ENTRY_BYTES, Kept


def test_the_oldest_goes_when_the_budget_is_spent() -> None:
    kept: Kept[str, bytes] = Kept(3 * (ENTRY_BYTES + 100), size=len)
    for name in ("a", "b", "c"):
        kept.put(name, bytes(100))
    kept.get("a")

    kept.put("d", bytes(100))

    assert [kept.get(name) is not None for name in ("a", "b", "c", "d")] == [True, False, True, True]

    kept.put("e", bytes(100 + ENTRY_BYTES))  # takes the place of two

    assert len(kept) == 2
    assert kept.get("e") is not None


def test_what_is_made_anew_takes_the_place_of_what_it_was() -> None:
    kept: Kept[str, bytes] = Kept(2 * (ENTRY_BYTES + 100), size=len)
    kept.put("a", bytes(100))
    for length in (90, 100, 80):
        kept.put("b", bytes(length))

    assert len(kept) == 2
    assert kept.get("b") == bytes(80)


def test_what_is_larger_than_the_budget_is_not_kept() -> None:
    kept: Kept[str, bytes] = Kept(ENTRY_BYTES, size=len)

    kept.put("a", bytes(1))

    assert len(kept) == 0
