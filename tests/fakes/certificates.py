"""The authority that tests use is the product's own."""

from edge.links.authority import DAY_MS, Authority

__all__ = ["DAY_MS", "Authority"]
