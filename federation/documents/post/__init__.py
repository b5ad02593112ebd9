"""Posts as documents: Note, Page, Article and their relatives, both directions."""

from federation.documents.post.copies import document_of
from federation.documents.post.parsing import ParsedPost, parse
from federation.documents.post.rendering import Leaving, gather, render, render_leaving

__all__ = ["Leaving", "ParsedPost", "document_of", "gather", "parse", "render", "render_leaving"]
