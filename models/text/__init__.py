"""Text as people write it and as others send it: cleaned, rendered, counted.

`clean` is for plain fields, `markdown` for what our own people type, `sanitise` for every piece of HTML, and `length`
counts as Mastodon's clients do. Everything here is pure, bounded in size and linear in time; long texts belong in a
thread or process all the same, because bleach and markdown are pure Python.
"""
