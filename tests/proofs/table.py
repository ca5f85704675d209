"""All proofs, in the order of docs/proof.md."""

from tests.proofs import (
    mutants,
    power_cut,
    rooms,
)
from tests.proofs.proof import Proof

PROOFS: tuple[Proof, ...] = (
    power_cut.PROOF,
    mutants.PROOF,
    rooms.PROOF,
)
