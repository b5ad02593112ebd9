"""Pictures that people upload and partners send: decoded, judged and encoded anew, away from the event loop.

async with images.Pool() as pool:
    picture = await images.process(data, pool=pool)
"""

from .pool import Pool
from .refusals import (
    REFUSALS,
    AnimationTooLong,
    ImageRefused,
    ImageTooExpensive,
    ImageTooHeavy,
    ImageTooLarge,
    ImageUnreadable,
)
from .terms import Crop, Limits, Processed, Refused
from .worker import encode

__all__ = [
    "AnimationTooLong",
    "Crop",
    "ImageRefused",
    "ImageTooExpensive",
    "ImageTooHeavy",
    "ImageTooLarge",
    "ImageUnreadable",
    "Limits",
    "Pool",
    "Processed",
    "process",
]

_DEFAULT_LIMITS = Limits()
_MEGABYTE = 1_048_576


async def process(data: bytes, *, pool: Pool, limits: Limits = _DEFAULT_LIMITS, crop: Crop | None = None) -> Processed:
    """A clean copy of the picture in `data`, cut to `crop` if one is given.

    Raises:
        ImageTooHeavy: more bytes than `limits` allow; nothing was read.
        ImageTooLarge, AnimationTooLong: more pixels, judged before they were decoded.
        ImageUnreadable: damaged, or not a picture of a kind we take.
        ImageTooExpensive: it took the worker more time or memory than a picture may.
    """
    if len(data) > limits.max_bytes:
        raise ImageTooHeavy(megabytes=-(-len(data) // _MEGABYTE), most=limits.max_bytes // _MEGABYTE)
    result = await pool.run(encode, data, limits, crop)
    if isinstance(result, Refused):
        raise REFUSALS[result.code](**result.facts)
    return result
