"""`kontor demo`: three companies on one machine, with people, groups and something to read.

`cast` says who and what, `story` lets it happen through the same verbs that pages and apps use, `stage` runs the
servers. Everything is kept in one directory; a second run finds it there and goes on.
"""
