"""Posts as documents: Note, Page, Article and their relatives, both directions."""

from federation.documents.post.parsing import ParsedPost, parse
from federation.documents.post.rendering import Leaving, gather, render, render_leaving

__all__ = ["Leaving", "ParsedPost", "gather", "parse", "render", "render_leaving"]
