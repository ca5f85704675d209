"""All proofs, in the order of docs/proof.md."""

from tests.proofs import power_cut, rooms
from tests.proofs.proof import Proof

PROOFS: tuple[Proof, ...] = (rooms.PROOF, power_cut.PROOF)
