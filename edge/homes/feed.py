"""Feed collections that belong to this room."""

from edge.homes.bills import apply_bill
from edge.homes.directory import apply_directory_entry
from edge.homes.notices import apply_notice
from edge.homes.overpayments import apply_overpayment
from edge.homes.residents import apply_resident
from edge.homes.rooms import apply_room

APPLIERS = {
    "rooms": apply_room,
    "residents": apply_resident,
    "bills": apply_bill,
    "overpayments": apply_overpayment,
    "notices": apply_notice,
    "directory": apply_directory_entry,
}
