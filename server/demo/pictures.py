"""The pictures of the demonstration, drawn when they are needed: nothing is shipped that could not be said in code.

The font that comes with Pillow has no umlauts, so the words in them do without.
"""

import io

from PIL import Image, ImageDraw, ImageFont

_PAPER = (244, 241, 234)
_INK = (36, 44, 56)
_LINE = (112, 124, 138)
_COPPER = (176, 98, 52)
_SIZE = (1200, 800)


def housing() -> bytes:
    """A drawing of the housing X200 from above, with dimensions."""
    image, draw = _sheet()
    draw.rounded_rectangle((220, 180, 900, 600), radius=48, outline=_INK, width=5)
    draw.rounded_rectangle((260, 220, 860, 560), radius=28, outline=_LINE, width=3)
    for x, y in ((270, 230), (850, 230), (270, 550), (850, 550)):
        draw.ellipse((x - 18, y - 18, x + 18, y + 18), outline=_INK, width=4)
        draw.line((x - 30, y, x + 30, y), fill=_COPPER, width=2)
        draw.line((x, y - 30, x, y + 30), fill=_COPPER, width=2)
    draw.rounded_rectangle((480, 320, 640, 460), radius=16, outline=_INK, width=4)
    _dimension(draw, (220, 680), (900, 680), "248")
    _dimension(draw, (990, 180), (990, 600), "152")
    draw.text((220, 60), "X200  Deckel  Stand 7", fill=_INK, font=_font(46))
    draw.text((220, 118), "in mm, Toleranz ISO 2768-m", fill=_LINE, font=_font(28))
    return _png(image)


def measurements() -> bytes:
    """Five bars against a limit: how the samples of a batch measured."""
    image, draw = _sheet()
    draw.text((120, 60), "Charge 114: Ebenheit in mm", fill=_INK, font=_font(46))
    draw.text((120, 118), "Grenze 0,05", fill=_COPPER, font=_font(28))
    draw.line((120, 690, 1080, 690), fill=_INK, width=4)
    draw.line((120, 270, 1080, 270), fill=_COPPER, width=3)
    for number, value in enumerate((31, 28, 34, 47, 30)):
        left = 160 + number * 185
        draw.rectangle((left, 690 - value * 8.4, left + 110, 688), fill=_LINE)
        draw.text((left + 12, 704 - value * 8.4), f"0,0{value}", fill=_PAPER, font=_font(30))
        draw.text((left + 34, 704), f"M{number + 1}", fill=_INK, font=_font(28))
    return _png(image)


def invitation() -> bytes:
    """A poster for the day on which everybody may look around."""
    image, draw = _sheet()
    draw.rectangle((0, 0, 1200, 300), fill=_COPPER)
    for number in range(6):
        left = 90 + number * 180
        draw.polygon(((left, 560), (left, 430), (left + 120, 370), (left + 120, 560)), fill=_INK)
    draw.rectangle((60, 560, 1140, 600), fill=_INK)
    draw.text((80, 90), "Offene Halle", fill=_PAPER, font=_font(92))
    draw.text((80, 650), "Muster Werke, Halle 3, ab 10 Uhr", fill=_INK, font=_font(44))
    return _png(image)


def _sheet() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", _SIZE, _PAPER)
    return image, ImageDraw.Draw(image)


def _dimension(draw: ImageDraw.ImageDraw, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
    draw.line((*start, *end), fill=_COPPER, width=3)
    for x, y in (start, end):
        draw.line((x - 12, y + 12, x + 12, y - 12), fill=_COPPER, width=3)
    middle = ((start[0] + end[0]) // 2 + 12, (start[1] + end[1]) // 2 + 8)
    draw.text(middle, text, fill=_COPPER, font=_font(32))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
