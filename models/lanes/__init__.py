"""The lanes of the delivery queue: a worker takes the oldest deliveries of a host, sends them in order, notes the end.

Taking and noting are short transactions for many deliveries at once; the requests lie between them. What is taken has
its next attempt written already, so that a crash neither loses it nor hammers a peer, and no other worker takes the
lane meanwhile: a lane is open only when its oldest waiting delivery is due. Whoever takes a lane is done with it, or
gives the rest back, within `LEASE`.
"""

from models.lanes.claiming import (
    BACK_OFF,
    FORM_MEMORY,
    LEASE,
    PER_LANE,
    Claimed,
    Lane,
    bodies,
    claim,
    forms_of,
    meet,
    next_due,
    recover,
)
from models.lanes.noting import Ending, Result, note

__all__ = [
    "BACK_OFF",
    "FORM_MEMORY",
    "LEASE",
    "PER_LANE",
    "Claimed",
    "Ending",
    "Lane",
    "Result",
    "bodies",
    "claim",
    "forms_of",
    "meet",
    "next_due",
    "note",
    "recover",
]
