"""Feed collections that belong to this room."""

from edge.settlement.site_sales import apply_site_sales

APPLIERS = {"site_sales": apply_site_sales}
