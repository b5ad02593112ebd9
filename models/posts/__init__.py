"""Posts: writing them here, taking them in from elsewhere, reading them."""
