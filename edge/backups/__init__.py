"""Backups: what stands in one, for whom it is sealed, and how it is opened again."""
