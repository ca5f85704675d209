"""The hub's side of the relay guard: doors on GPIO lines."""
