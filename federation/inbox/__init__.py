"""What others send: taken in by `receive` (stored before it is answered), dealt with by `Processor` afterwards."""

from federation.inbox.group_commit import GroupCommit
from federation.inbox.processor import Processor
from federation.inbox.receiving import ARRIVALS, receive

__all__ = ["ARRIVALS", "GroupCommit", "Processor", "receive"]
