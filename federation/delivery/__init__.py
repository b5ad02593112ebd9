"""Sends what is queued: one lane per host, in order, many hosts at once.

A lane is the oldest deliveries of one host (`models.lanes`). They are sent one after the other, so that a slow company
delays nobody else and everything arrives in the order it was queued. A failure that may pass ends the lane: the rest
waits behind it. Requests are signed when they are made, and whether the company may get anything is asked again then.
"""

from federation.delivery.sender import Sender

__all__ = ["Sender"]
