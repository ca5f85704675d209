"""All clauses, in the order of the document."""

from tests.contract.clause import Clause
from tests.contract.clauses_counter import COUNTER
from tests.contract.clauses_doors import DOORS
from tests.contract.clauses_faults import MONEY_FAULTS
from tests.contract.clauses_fees import FEES
from tests.contract.clauses_field import FIELD_FAULTS
from tests.contract.clauses_lockers import ACCESS
from tests.contract.clauses_residents import RESIDENTS
from tests.contract.clauses_rules import RULES
from tests.contract.clauses_settlement import SETTLEMENT
from tests.contract.clauses_shop import SHOP
from tests.contract.clauses_technicians import TECHNICIANS

SECTIONS: tuple[tuple[str, tuple[Clause, ...]], ...] = (
    ("Residents: identity, messages, fees, accounts", (*RESIDENTS, *FEES)),
    ("Residents: shop, pickup, service", SHOP),
    ("Gates, doors, lockers", (*DOORS, *ACCESS)),
    ("The counter: goods, cash, inspection, desk", COUNTER),
    ("The counter: share, statement, audit, service levels", SETTLEMENT),
    ("Technicians", TECHNICIANS),
    ("What goes wrong in the field", (*MONEY_FAULTS, *FIELD_FAULTS)),
    ("Rules", RULES),
)
CLAUSES = tuple(clause for _, clauses in SECTIONS for clause in clauses)
