"""Which texts are one emoji."""

import re
import unicodedata

_LONGEST = 64
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_AFTER = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007f]*")
_JOINER = "\u200d"
_OTHER_SIGNS = frozenset("\u203c\u2049\u3030\u303d")


def is_emoji(text: str) -> bool:
    """Whether `text` is one emoji and nothing else: a sign, a keycap, a flag, or several signs joined into one."""
    if not text or len(text) > _LONGEST:
        return False
    if _KEYCAP.fullmatch(text) or _FLAG.fullmatch(text):
        return True
    for part in text.split(_JOINER):
        if not part or not (unicodedata.category(part[0]) in ("So", "Sm") or part[0] in _OTHER_SIGNS):
            return False
        if _AFTER.fullmatch(part, 1) is None:
            return False
    return True
