"""The contract with clients: what every endpoint takes and answers, as Mastodon 4.5 documents it.

Routes say who may ask; this says what for and what comes back, so that the description served at `/api/openapi.json`
and the checks of all answers in the tests read the same words. `kinds.py` has the smallest values, the modules beside
it the entities, `endpoints/` the promises.
"""
