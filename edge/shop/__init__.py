"""The shop: catalogue, lots and stock, basket and promotions, checkout, orders in cells."""
