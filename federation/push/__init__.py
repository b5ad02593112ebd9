"""Web Push (RFC 8030): telling people's apps through the push services that these chose.

What is sent is encrypted for the app alone (`encryption`), the service knows us by our key (`vapid`), and whether
anything may go, and how much it says, is decided by `models.egress` when it is sent (`sender`).
"""

from federation.push.sender import Pusher
from federation.push.vapid import VapidKeys

__all__ = ["Pusher", "VapidKeys"]
