"""Feed collections that belong to this room."""

from edge.shop.catalogue import apply_product
from edge.shop.orders import apply_order
from edge.shop.promotions import apply_promotion
from edge.shop.receiving import apply_delivery

APPLIERS = {
    "products": apply_product,
    "promotions": apply_promotion,
    "deliveries": apply_delivery,
    "orders": apply_order,
}
