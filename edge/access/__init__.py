"""Doors and cells: who may open what, what was fired, and what the contact said."""
