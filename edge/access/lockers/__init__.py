"""Lockers (自提柜): cells, deposits, parcels, cases, and what people do at them."""
