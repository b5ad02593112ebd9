"""Decodes a picture, looks at it, and writes a new one of which every byte is ours (R-90). Runs in a worker process.

Size and format are judged from the header, before a single pixel is decoded (R-91). What comes out has no EXIF, XMP,
comments, colour profile or trailing bytes: pixels only, turned upright and in sRGB.
"""

import contextlib
import io
import warnings

import blurhash
from PIL import Image, ImageCms, ImageOps, ImageSequence

from .terms import Crop, Limits, Processed, Refused

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
PREVIEW_SIDE = 640
_BLURHASH_SIDE = 32
_MEGA = 1_000_000


def encode(data: bytes, limits: Limits, crop: Crop | None) -> Processed | Refused:
    """A clean copy of the picture in `data`, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata is ours to drop, not to report
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _encode(data, limits, crop)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return Refused("image_too_expensive", {})
    except Exception:  # a hostile file may make a decoder raise anything, and all of it means the same
        return Refused("image_unreadable", {})


def _encode(data: bytes, limits: Limits, crop: Crop | None) -> Processed | Refused:
    Image.MAX_IMAGE_PIXELS = None  # our own look at the header comes first, because its refusal names the size
    with Image.open(io.BytesIO(data), formats=FORMATS) as source:
        width, height = source.size
        if max(width, height) > limits.max_side or width * height > limits.max_pixels:
            most = {"side": limits.max_side, "megapixels": f"{limits.max_pixels / _MEGA:g}"}
            return Refused("image_too_large", {"width": width, "height": height, **most})
        Image.MAX_IMAGE_PIXELS = limits.max_pixels  # frames may be larger than the header says
        animated = crop is None and source.format != "MPO" and getattr(source, "is_animated", False)
        if animated:
            return _animation(source, limits)
        source.load()
        picture = _upright(source)
        if crop is not None:
            picture = _cut(picture, crop)
        written, media_type = _written(picture, str(source.format))
    preview, preview_width, preview_height = preview_of(picture)
    return Processed(
        data=written,
        media_type=media_type,
        width=picture.width,
        height=picture.height,
        blurhash=blurhash_of(picture),
        preview=preview,
        preview_type="image/webp",
        preview_width=preview_width,
        preview_height=preview_height,
        animated=False,
    )


def _animation(source: Image.Image, limits: Limits) -> Processed | Refused:
    frames: list[Image.Image] = []
    durations: list[int] = []
    pixels = 0
    for frame in ImageSequence.Iterator(source):
        pixels += frame.width * frame.height
        if len(frames) >= limits.max_frames or pixels > limits.max_frame_pixels:
            facts = {"frames": limits.max_frames, "megapixels": f"{limits.max_frame_pixels / _MEGA:g}"}
            return Refused("animation_too_long", facts)
        durations.append(max(20, min(int(frame.info.get("duration") or 100), 60_000)))
        frames.append(_plain(frame.copy()).convert("RGBA"))
    repeats = source.info.get("loop", 0)
    out = io.BytesIO()
    frames[0].save(
        out,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=repeats if isinstance(repeats, int) and 0 <= repeats <= 65_535 else 0,
        quality=75,
        method=2,
    )
    preview, preview_width, preview_height = preview_of(frames[0])
    return Processed(
        data=out.getvalue(),
        media_type="image/webp",
        width=frames[0].width,
        height=frames[0].height,
        blurhash=blurhash_of(frames[0]),
        preview=preview,
        preview_type="image/webp",
        preview_width=preview_width,
        preview_height=preview_height,
        animated=len(frames) > 1,
    )


def _upright(source: Image.Image) -> Image.Image:
    """The pixels of `source` turned as its EXIF says, in sRGB, in one of the modes L, RGB and RGBA."""
    picture = source
    with contextlib.suppress(Exception):  # a broken EXIF turns nothing
        picture = ImageOps.exif_transpose(source)
    profile = source.info.get("icc_profile")
    if profile and picture.mode in {"RGB", "RGBA", "L", "CMYK"}:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
            mode = "RGBA" if picture.mode == "RGBA" else "RGB"
            converted = ImageCms.profileToProfile(
                picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
            )
            picture = converted if converted is not None else picture
    return _plain(picture)


def _plain(picture: Image.Image) -> Image.Image:
    """`picture` as L, RGB or RGBA, and without anything that its file said beside the pixels."""
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = picture.convert("I").point(lambda level: level / 256).convert("L")
    has_alpha = picture.has_transparency_data
    target = "RGBA" if has_alpha else ("L" if picture.mode in {"1", "L"} else "RGB")
    picture = picture.convert(target) if picture.mode != target else picture.copy()
    if target == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    picture.info.clear()
    return picture


def _cut(picture: Image.Image, crop: Crop) -> Image.Image:
    width, height = crop.value
    scale = min(1.0, picture.width / width, picture.height / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)


def _written(picture: Image.Image, source_format: str) -> tuple[bytes, str]:
    """Photographs stay small, drawings stay exact: a JPEG becomes a JPEG, a PNG or GIF a PNG."""
    out = io.BytesIO()
    if source_format in {"PNG", "GIF"}:
        picture.save(out, "PNG")
        return out.getvalue(), "image/png"
    if source_format == "WEBP" or picture.mode == "RGBA":
        picture.save(out, "WEBP", quality=85, method=4)
        return out.getvalue(), "image/webp"
    picture.save(out, "JPEG", quality=86, optimize=True, progressive=True)
    return out.getvalue(), "image/jpeg"


def preview_of(picture: Image.Image) -> tuple[bytes, int, int]:
    """A small WebP of `picture`, with its width and height."""
    small = picture.copy()
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=78, method=4)
    return out.getvalue(), small.width, small.height


def blurhash_of(picture: Image.Image) -> str:
    small = picture.convert("RGBA")
    small.thumbnail((_BLURHASH_SIDE, _BLURHASH_SIDE))
    ground = Image.new("RGBA", small.size, "white")
    ground.alpha_composite(small)
    across, down = (4, 3) if picture.width >= picture.height else (3, 4)
    return str(blurhash.encode(ground.convert("RGB"), x_components=across, y_components=down))
