"""One file per kind of document, both directions: `render` makes ours, `parse` reads theirs."""
