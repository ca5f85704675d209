"""All proofs, in the order of docs/proof.md."""

from tests.proofs import (
    axe,
    brokers,
    core,
    days,
    doors,
    fire,
    http_api,
    journal,
    kill_nine,
    ledger,
    lock_bus,
    lockers,
    mid_pulse,
    mutants,
    network,
    nth_write,
    payments,
    platform_killed,
    power_cut,
    rogues,
    roles,
    rooms,
    time,
)
from tests.proofs.proof import Proof

PROOFS: tuple[Proof, ...] = (
    core.PROOF,
    payments.PROOF,
    days.PROOF,
    power_cut.PROOF,
    nth_write.PROOF,
    kill_nine.PROOF,
    platform_killed.PROOF,
    network.PROOF,
    mid_pulse.PROOF,
    lock_bus.PROOF,
    doors.PROOF,
    fire.PROOF,
    lockers.PROOF,
    mutants.PROOF,
    http_api.PROOF,
    brokers.PROOF,
    rogues.PROOF,
    roles.PROOF,
    axe.PROOF,
    ledger.PROOF,
    journal.PROOF,
    time.PROOF,
    rooms.PROOF,
)


def find_proof(name: str) -> Proof:
    """The proof of this name."""
    return next(proof for proof in PROOFS if proof.name == name)
