"""Turns what the database holds into what the templates take (`server.web.views`).

Access is not decided here: rows come from the policy, and controls are drawn where the policy allows the act. Each
function that asks the database says so by being async and taking a session; what a page costs does not grow with it.
"""
