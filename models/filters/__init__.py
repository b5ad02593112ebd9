"""What people do not want to be shown: filters with words and posts in them, and what they say of a post.

Nothing is held back here. A post that a filter matches says so when its reader gets it, and their client hides it,
warns or blurs; so nobody loses a post to a filter they forgot.
"""

from models.filters.keeping import (
    CONTEXTS,
    KeywordWish,
    Wish,
    add_keyword,
    add_post,
    change,
    change_alone,
    change_keyword,
    create,
    delete,
    delete_alone,
    delete_keyword,
    delete_post,
    keyword,
    keywords,
    listed,
    one,
    post,
)
from models.filters.matching import Hit, Rule, in_force, rules_of, said, sift

__all__ = [
    "CONTEXTS",
    "Hit",
    "KeywordWish",
    "Rule",
    "Wish",
    "add_keyword",
    "add_post",
    "change",
    "change_alone",
    "change_keyword",
    "create",
    "delete",
    "delete_alone",
    "delete_keyword",
    "delete_post",
    "in_force",
    "keyword",
    "keywords",
    "listed",
    "one",
    "post",
    "rules_of",
    "said",
    "sift",
]
