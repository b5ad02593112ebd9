"""An example of every page, as it is on a busy day, on the first day, and when something was refused."""

from tests.browser.gallery.examples import groups, order, people, posts
from tests.browser.gallery.examples.example import Example

__all__ = ["EXAMPLES", "Example"]

EXAMPLES = (*groups.EXAMPLES, *order.EXAMPLES, *people.EXAMPLES, *posts.EXAMPLES)
