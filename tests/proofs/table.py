"""All proofs, in the order of docs/proof.md."""

from tests.proofs import (
    brokers,
    ledger,
    mutants,
    power_cut,
    rooms,
)
from tests.proofs.proof import Proof

PROOFS: tuple[Proof, ...] = (
    power_cut.PROOF,
    mutants.PROOF,
    brokers.PROOF,
    ledger.PROOF,
    rooms.PROOF,
)
