"""Which test runs where. One worker begins at the front, the other at the back, and they meet where tests are short.

A worker that has asked something once has its statements compiled, its templates, its databases made. With each test
where there is room both workers made all of that; so what is alike stays together: pages and clients at the front,
what runs on PostgreSQL at the back, so that one worker alone starts a cluster. What takes long by itself comes first.
"""

import re
from collections import OrderedDict

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController

_PLACES = (  # the first that is found in a test's id counts
    (9, re.compile(r"@processes$")),
    (0, re.compile(r"@\w+$|test_demo")),
    (7, re.compile(r"models/.*postgres")),
    (8, re.compile(r"server/.*postgres")),
    (6, re.compile(r"postgres")),
    (5, re.compile(r"^tests/federation/")),
    (4, re.compile(r"^tests/models/")),
    (3, re.compile(r"^tests/journeys/")),
    (1, re.compile(r"^tests/server/")),
)

_SHARE = 100
_MOST = 15


def place(nodeid: str) -> int:
    """Where between the front and the back a test belongs."""
    return next((place for place, pattern in _PLACES if pattern.search(nodeid)), 2)


class FromBothEnds(LoadGroupScheduling):
    """Gives tests out as they stand, from the front and from the back.

    What is over is forgotten: going through all of it after each test took a second of each minute.
    """

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self._numbers: dict[str, int] = {}

    def _assign_work_unit(self, node: WorkerController) -> None:
        if not self._numbers:
            self._begin()
        is_at_back = self.nodes.index(node) % 2 == 1
        several = 1 + min(len(self.workqueue) // _SHARE, _MOST)  # fewer and fewer, so that all end at once
        given = dict(self.workqueue.popitem(last=is_at_back) for _ in range(several))
        self.assigned_work[node].update(given)
        left = (nodeid for unit in given.values() for nodeid, is_over in unit.items() if not is_over)
        node.send_runtest_some([self._numbers[nodeid] for nodeid in left])

    def _begin(self) -> None:
        collected = next(iter(self.registered_collections.values()))  # all have the same, by the same numbers
        self._numbers = {nodeid: number for number, nodeid in enumerate(collected)}
        self.workqueue = OrderedDict(sorted(self.workqueue.items(), key=lambda unit: place(next(iter(unit[1])))))

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        del duration
        nodeid = self.registered_collections[node][item_index]
        scope = self._split_scope(nodeid)
        unit = self.assigned_work[node][scope]
        unit[nodeid] = True
        if all(unit.values()):
            del self.assigned_work[node][scope]
        self._reschedule(node)
