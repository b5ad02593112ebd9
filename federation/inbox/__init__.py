"""What others send: taken in by `receive` (stored before it is answered), dealt with by `Processor` afterwards."""

from federation.inbox.processor import Processor
from federation.inbox.receiving import receive

__all__ = ["Processor", "receive"]
