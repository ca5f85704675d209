"""Doors: what each is doing, and what it is wanted to do."""
