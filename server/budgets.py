"""How much memory goes into what is kept so that it need not be made again, in bytes for each process.

Beside these there are SQLite's page caches (`models.sqlite`). Each is enough for what is asked again within its time;
more of it would only be held on to.
"""

ANSWERS = 8 * 1024 * 1024
"""Whole answers, each for a second at most (`server.ready`)."""
STATUSES = 8 * 1024 * 1024
ACCOUNTS = 4 * 1024 * 1024
NUMBERS = 2 * 1024 * 1024
"""What posts and profiles say, and the numbers beside names, as JSON (`server.api.entities.shelf`)."""
RULES = 2 * 1024 * 1024
FOUND = 4 * 1024 * 1024
"""Filters, and what they found in posts (`server.api.entities.filtered`)."""
