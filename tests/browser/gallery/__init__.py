"""Every template with an example view, rendered by the real environment: for the eye and for the tests."""
