"""What a worker runs. What decodes pictures is loaded where that happens, and not by whoever asks for it."""

from .terms import Crop, Limits, Processed, Refused


def encode(data: bytes, limits: Limits, crop: Crop | None) -> Processed | Refused:
    """`server.images.encoding.encode`."""
    from . import encoding

    return encoding.encode(data, limits, crop)
