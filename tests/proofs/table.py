"""All proofs, in the order of docs/proof.md."""

from tests.proofs import (
    axe,
    brokers,
    core,
    days,
    http_api,
    journal,
    kill_nine,
    ledger,
    lock_bus,
    mid_pulse,
    mutants,
    network,
    nth_write,
    payments,
    power_cut,
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
    network.PROOF,
    mid_pulse.PROOF,
    lock_bus.PROOF,
    mutants.PROOF,
    http_api.PROOF,
    brokers.PROOF,
    roles.PROOF,
    axe.PROOF,
    ledger.PROOF,
    journal.PROOF,
    time.PROOF,
    rooms.PROOF,
)
