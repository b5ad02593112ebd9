"""Why an image is not taken."""

from typing import Any

from models.errors import Invalid


class ImageRefused(Invalid):
    """This image cannot be used."""

    code = "image_refused"

    def __init__(self, **facts: Any) -> None:
        super().__init__(field="file", **facts)
        self.args = (self.message() % self.facts,)


class ImageUnreadable(ImageRefused):
    """This is not an image we can read. PNG, JPEG, GIF, WebP and AVIF are welcome."""

    code = "image_unreadable"


class ImageTooLarge(ImageRefused):
    """This image is too large: %(width)s × %(height)s px. At most %(side)s px a side and %(megapixels)s megapixels."""

    code = "image_too_large"


class ImageTooHeavy(ImageRefused):
    """This file is too large: %(megabytes)s MB. At most %(most)s MB."""

    code = "image_too_heavy"


class AnimationTooLong(ImageRefused):
    """This animation is too long. At most %(frames)s frames and %(megapixels)s megapixels altogether."""

    code = "animation_too_long"


class ImageTooExpensive(ImageRefused):
    """This image takes more time or memory than an image should."""

    code = "image_too_expensive"


REFUSALS: dict[str, type[ImageRefused]] = {
    refusal.code: refusal
    for refusal in (ImageUnreadable, ImageTooLarge, ImageTooHeavy, AnimationTooLong, ImageTooExpensive)
}
