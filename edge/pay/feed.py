"""Feed collections that belong to this room."""

from edge.pay.contract import apply_contract
from edge.pay.payees import apply_payee

APPLIERS = {"payees": apply_payee, "contract": apply_contract}
