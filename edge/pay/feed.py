"""Feed collections that belong to this room."""

from edge.pay.accounts import apply_account
from edge.pay.contract import apply_contract
from edge.pay.invoices import apply_invoice
from edge.pay.leases import apply_lease
from edge.pay.payees import apply_payee

APPLIERS = {
    "payees": apply_payee,
    "contract": apply_contract,
    "accounts": apply_account,
    "leases": apply_lease,
    "invoices": apply_invoice,
}
