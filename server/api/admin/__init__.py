"""What those who administer the house do through their clients (`Access.ADMIN`), by the verbs that the pages use.

Whatever Mastodon has here and Kontor has not is refused with a sentence, or an empty list where there is nothing.
"""

from server.api.admin import accounts, domains, figures, reports, shut_out, trends

ALL = (accounts.routes, reports.routes, domains.routes, shut_out.routes, figures.routes, trends.routes)
