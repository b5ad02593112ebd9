"""What becomes of pictures (R-34, R-90, R-91). Every picture here is made by the test."""

import asyncio
import io
import multiprocessing.connection
import os
import struct
import zlib

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from server import images
from server.images import Crop, Limits
from server.images import pool as pools

MARKER = "S3CRETMARKER"


@pytest.fixture(scope="module")
def pool():
    """One pool for the file; workers are processes, so they outlive a test's event loop."""
    shared = images.Pool(workers=1)
    yield shared
    asyncio.run(shared.close())


def _picture(size=(64, 48), mode="RGB", colour=(200, 30, 30)) -> Image.Image:
    picture = Image.new(mode, size, colour if mode in {"RGB", "RGBA"} else None)
    picture.paste((10, 200, 10) if mode == "RGB" else 0, (0, 0, size[0] // 2, size[1] // 2))
    return picture


def _saved(picture: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *chunks: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks)


@pytest.mark.parametrize(
    ("kind", "mode", "media_type"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "LA", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("GIF", "P", "image/png"),
        ("WEBP", "RGB", "image/webp"),
        ("WEBP", "RGBA", "image/webp"),
        ("AVIF", "RGB", "image/jpeg"),
        ("AVIF", "RGBA", "image/webp"),
    ],
)
async def test_R_90_each_kind_comes_out_as_what_it_says(pool, kind, mode, media_type):
    picture = Image.new(mode, (64, 48))
    if mode == "RGBA":
        picture.putpixel((3, 3), (1, 2, 3, 128))

    done = await images.process(_saved(picture, kind), pool=pool)

    written = _opened(done.data)
    assert (done.media_type, written.get_format_mimetype()) == (media_type, media_type)
    assert (done.width, done.height) == written.size == (64, 48)
    assert not done.animated
    assert done.preview_type == _opened(done.preview).get_format_mimetype()
    assert 6 <= len(done.blurhash) <= 164


async def test_colours_and_transparency_survive(pool):
    picture = Image.new("RGBA", (20, 20), (10, 20, 30, 0))
    picture.paste((200, 100, 50, 255), (0, 0, 10, 20))

    written = _opened((await images.process(_saved(picture, "PNG"), pool=pool)).data)

    assert written.getpixel((2, 2)) == (200, 100, 50, 255)
    assert written.getpixel((15, 15))[3] == 0


async def test_sixteen_bit_grey_keeps_its_brightness(pool):
    picture = Image.new("I;16", (8, 8), 0x8000)
    assert _opened((await images.process(_saved(picture, "PNG"), pool=pool)).data).getpixel((0, 0)) in {127, 128}


def _with_metadata(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = MARKER
    exif.get_ifd(0x8825)[1] = "N"
    options = {"exif": exif.tobytes()}
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", MARKER)
        text.add_text("Long", MARKER, zip=True)
        text.add_itxt("XML:com.adobe.xmp", f"<x>{MARKER}</x>")
        options["pnginfo"] = text
    if kind == "JPEG":
        options |= {"comment": MARKER.encode(), "xmp": f"<x>{MARKER}</x>".encode()}
    if kind == "WEBP":
        options["xmp"] = f"<x>{MARKER}</x>".encode()
    return _saved(_picture(), kind, **options)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_R_90_metadata_vanishes(pool, kind):
    data = _with_metadata(kind)
    assert MARKER.encode() in data

    done = await images.process(data, pool=pool)

    for written in (done.data, done.preview):
        picture = _opened(written)
        assert MARKER.encode() not in written
        assert not picture.getexif()
        assert not {"exif", "xmp", "comment", "icc_profile", "XML:com.adobe.xmp", "Long", "Comment"} & set(picture.info)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_R_90_bytes_behind_the_picture_vanish(pool, kind):
    tail = f"<script>{MARKER}</script>".encode() + b"PK\x03\x04" + MARKER.encode()
    done = await images.process(_saved(_picture(), kind) + tail, pool=pool)
    assert MARKER.encode() not in done.data + done.preview


async def test_the_camera_was_held_sideways_and_the_picture_is_upright(pool):
    exif = Image.Exif()
    exif[0x0112] = 6
    done = await images.process(_saved(_picture((80, 40)), "JPEG", exif=exif.tobytes()), pool=pool)

    assert (done.width, done.height) == (40, 80)
    red, green, _ = _opened(done.data).getpixel((35, 5))
    assert green > red


async def test_a_broken_exif_turns_nothing(pool):
    data = _saved(_picture(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f" + b"\xff" * 40)
    assert (await images.process(data, pool=pool)).width == 64


async def test_a_colour_profile_is_applied_and_dropped(pool):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    done = await images.process(_saved(_picture(), "JPEG", icc_profile=profile), pool=pool)
    assert "icc_profile" not in _opened(done.data).info

    broken = await images.process(_saved(_picture(), "PNG", icc_profile=b"x" * 400), pool=pool)
    assert "icc_profile" not in _opened(broken.data).info


async def test_the_preview_has_at_most_640_pixels_a_side(pool):
    done = await images.process(_saved(_picture((1600, 400)), "JPEG"), pool=pool)
    assert _opened(done.preview).size == (640, 160)
    assert (done.width, done.height) == (1600, 400)


@pytest.mark.parametrize(
    ("crop", "before", "after"),
    [
        (Crop.AVATAR, (1000, 800), (400, 400)),
        (Crop.AVATAR, (200, 100), (100, 100)),
        (Crop.HEADER, (1800, 1200), (1500, 500)),
        (Crop.HEADER, (600, 600), (600, 200)),
        (Crop.HEADER, (1, 1), (1, 1)),
    ],
)
async def test_portraits_and_headers_are_cut_and_never_enlarged(pool, crop, before, after):
    done = await images.process(_saved(_picture(before), "PNG"), pool=pool, crop=crop)
    assert (done.width, done.height) == after == _opened(done.data).size


def _animation(count: int, size=(16, 16)) -> bytes:
    frames = [Image.new("RGB", size, (number * 40 % 256, 255 - number * 40 % 256, 0)) for number in range(count)]
    return _saved(
        frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50, loop=2, comment=MARKER.encode()
    )


async def test_an_animation_stays_one(pool):
    done = await images.process(_animation(5), pool=pool)

    written = _opened(done.data)
    assert done.animated
    assert (done.media_type, written.n_frames, written.info["loop"]) == ("image/webp", 5, 2)
    assert MARKER.encode() not in done.data


async def test_a_portrait_does_not_move(pool):
    done = await images.process(_animation(5), pool=pool, crop=Crop.AVATAR)
    assert not done.animated
    assert done.media_type == "image/png"


async def test_R_91_too_many_frames_are_refused_with_the_number(pool):
    with pytest.raises(images.AnimationTooLong, match="At most 10 frames and 100 megapixels"):
        await images.process(_animation(11), pool=pool, limits=Limits(max_frames=10))
    with pytest.raises(images.AnimationTooLong):
        await images.process(_animation(11), pool=pool, limits=Limits(max_frame_pixels=1000))


async def test_R_91_a_bomb_is_refused_by_its_header_and_the_sentence_names_its_size(pool):
    for pixels in (b"", b"\0" * 10_000_000):
        data = _png(30_000, 30_000, _chunk(b"IDAT", zlib.compress(pixels)))
        with pytest.raises(images.ImageTooLarge) as refused:
            await images.process(data, pool=pool)
        assert str(refused.value) == (
            "This image is too large: 30000 × 30000 px. At most 8192 px a side and 16 megapixels."
        )
        assert refused.value.code == "image_too_large"
        assert refused.value.facts["field"] == "file"


async def test_R_91_a_long_side_or_many_pixels_is_too_large(pool):
    for size in ((8193, 1), (1, 8193)):
        with pytest.raises(images.ImageTooLarge):
            await images.process(_saved(Image.new("1", size), "PNG"), pool=pool)
    with pytest.raises(images.ImageTooLarge, match=r"0\.64 megapixels"):
        await images.process(_saved(Image.new("1", (801, 800)), "PNG"), pool=pool, limits=Limits(max_pixels=640_000))
    assert (await images.process(_saved(Image.new("1", (8192, 1)), "PNG"), pool=pool)).width == 8192


async def test_R_91_a_gif_whose_frame_is_larger_than_its_screen_is_no_way_around(pool):
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x02\x4c\x01\x00"
    colours = b"\x80\x00\x00" + b"\0" * 6
    data = b"GIF89a" + struct.pack("<HH", 10, 10) + colours + frame * 2 + b"\x3b"
    with pytest.raises(images.ImageRefused):
        await images.process(data, pool=pool)


async def test_R_91_compressed_text_is_not_unpacked_without_end(pool):
    packer = zlib.compressobj(1)
    start, more = (packer.compress(b"x" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    end = packer.flush()[:-4] + zlib.adler32(b"x" * 100_000_000).to_bytes(4)
    text = _chunk(b"zTXt", b"k\0\0" + start + more * 99 + end)
    pixels = _chunk(b"IDAT", zlib.compress(b"\0\1\2\3"))
    with pytest.raises(images.ImageRefused):
        await images.process(_png(1, 1, text, pixels, _chunk(b"IEND", b"")), pool=pool)


async def test_R_40_a_heavy_file_is_refused_unread(pool):
    with pytest.raises(images.ImageTooHeavy, match=r"3 MB\. At most 2 MB"):
        await images.process(b"x" * 2_500_000, pool=pool, limits=Limits(max_bytes=2_097_152))


PNG = _saved(_picture(), "PNG")
NO_PICTURES = {
    "empty": b"",
    "text": b"hello",
    "html": b"<html><script>alert(1)</script>",
    "html behind a GIF's first bytes": b"GIF89a/*<script>alert(1)</script>*/=1;",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg with entities": b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    "pdf": b"%PDF-1.7\n",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "mvg": b"push graphic-context\nfill 'url(https://evil.example/x)'\npop graphic-context",
    "hls": b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nhttp://127.0.0.1/\n",
    "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "activity": b'{"@context":"https://www.w3.org/ns/activitystreams","type":"Note"}',
    "zip": b"PK\x03\x04" + b"\0" * 60,
    "bmp": _saved(_picture(), "BMP"),
    "tiff": _saved(_picture(), "TIFF"),
    "ico": _saved(_picture((16, 16)), "ICO"),
    "ppm": _saved(_picture(), "PPM"),
    "cut off": PNG[: len(PNG) // 2],
    "no pixels": _png(8, 8, _chunk(b"IEND", b"")),
    "bad checksum": PNG.replace(b"IDAT", b"IDAX"),
    "webp with a lie": b"RIFF\x10\x00\x00\x00WEBPVP8 \xff\xff\xff\x7f",
}


@pytest.mark.parametrize("name", NO_PICTURES)
async def test_R_34_R_90_what_is_no_picture_we_take_is_refused(pool, name):
    with pytest.raises(images.ImageUnreadable) as refused:
        await images.process(NO_PICTURES[name], pool=pool)
    assert str(refused.value).startswith("This is not an image we can read.")


def _devour_memory() -> int:
    return len(bytearray(2 << 30))


def _spin() -> None:
    while True:
        pass


def _write_a_file(path: str) -> None:
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(b"x")


async def test_R_91_a_worker_cannot_take_all_the_memory(pool):
    with pytest.raises(MemoryError):
        await pool.run(_devour_memory)


async def test_R_91_a_worker_that_never_ends_is_ended_alone_and_replaced():
    async with images.Pool(workers=2, processor_seconds=0) as pool:
        outcomes = await asyncio.gather(
            pool.run(_spin), images.process(_saved(_picture(), "PNG"), pool=pool), return_exceptions=True
        )
        assert isinstance(outcomes[0], images.ImageTooExpensive)
        assert isinstance(outcomes[1], images.Processed)
        assert await pool.run(os.getpid) != os.getpid()


async def test_R_91_a_worker_may_write_no_file(pool, tmp_path):
    with pytest.raises((OSError, images.ImageTooExpensive)):
        await pool.run(_write_a_file, str(tmp_path / "x"))
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0


async def test_workers_start_when_needed_and_end_with_the_pool():
    pool = images.Pool(workers=1)
    assert not pool._idle
    worker = await pool.run(os.getpid)
    process = next(iter(pool._idle[0]._processes.values()))
    assert process.pid == worker
    await pool.close()
    assert multiprocessing.connection.wait([process.sentinel], 20)  # its executor takes leave of it in another thread
    with pytest.raises(RuntimeError):
        await pool.run(os.getpid)


async def test_a_picture_given_up_frees_its_place():
    async with images.Pool(workers=1, processor_seconds=60) as pool:
        await pool.run(os.getpid)
        spinning = asyncio.ensure_future(pool.run(_spin))
        while pool._idle:  # noqa: ASYNC110 - until it has its worker
            await asyncio.sleep(0)
        spinning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await spinning
        assert await pool.run(os.getpid) > 0


def test_the_ceilings_are_the_ones_promised():
    assert pools.MEMORY_BYTES <= 1 << 30
    assert pools.PROCESSOR_SECONDS <= 20
