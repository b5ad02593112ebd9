"""Why a video or a sound is not taken."""

from typing import Any

from models.errors import Invalid


class RecordingRefused(Invalid):
    """This file cannot be used."""

    code = "recording_refused"

    def __init__(self, **facts: Any) -> None:
        super().__init__(field="file", **facts)
        self.args = (self.message() % self.facts,)


class RecordingsNotHere(RecordingRefused):
    """Videos and sounds are not possible here. PNG, JPEG, GIF, WebP and AVIF are welcome."""

    code = "recordings_not_here"


class RecordingUnreadable(RecordingRefused):
    """This is not a video or sound we can read. MP4, WebM, MP3, AAC, Ogg, FLAC and WAV are welcome."""

    code = "recording_unreadable"


class RecordingTooHeavy(RecordingRefused):
    """This file is too large: %(megabytes)s MB. At most %(most)s MB."""

    code = "recording_too_heavy"


class RecordingTooLarge(RecordingRefused):
    """This video is too large: %(width)s × %(height)s px. At most %(megapixels)s megapixels."""

    code = "recording_too_large"


class RecordingTooLong(RecordingRefused):
    """This takes too long: at most %(seconds)s seconds."""

    code = "recording_too_long"


class RecordingTooFast(RecordingRefused):
    """This video has too many frames in a second. At most %(rate)s."""

    code = "recording_too_fast"


class RecordingTooExpensive(RecordingRefused):
    """To convert this file takes more time than there is. Convert it to MP4 (H.264 and AAC) and upload that."""

    code = "recording_too_expensive"


class StandsStill(RecordingRefused):
    """This is a picture and no video."""

    code = "stands_still"


REFUSALS: dict[str, type[RecordingRefused]] = {
    refusal.code: refusal
    for refusal in (
        RecordingUnreadable,
        RecordingTooHeavy,
        RecordingTooLarge,
        RecordingTooLong,
        RecordingTooFast,
        RecordingTooExpensive,
        RecordingsNotHere,
        StandsStill,
    )
}
