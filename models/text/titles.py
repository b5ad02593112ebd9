"""What a post without a title is called, such as in the tab of a browser: the first line of what it says (GRP-7)."""

import re
from functools import lru_cache

from models.text.sanitise import excerpt, to_plain

LIMIT = 200


@lru_cache(maxsize=2048)
def title_of(html: str, group: str) -> str:
    """The first line with something in it besides names of `group`, a user name; at most 200 characters, or nothing.

    Whoever posts to a group from a microblog names it in the text, often before anything else.
    """
    named = re.compile(rf"(?<![\w@])@{re.escape(group)}(?:@[\w.:-]*\w)?(?![\w@])", re.IGNORECASE)
    for line in to_plain(html).splitlines():
        words = " ".join(named.sub(" ", line).split())
        if any(character.isalnum() for character in words):
            return excerpt(words.lstrip(",:;- "), LIMIT)
    return ""
