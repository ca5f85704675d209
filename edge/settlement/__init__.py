"""Settlement: shifts and the figures of a day."""
