"""Every proof holds for the size of the suite, and finds every bug that is planted for it."""

import pytest

from tests.proofs.proof import Proof, finds, hold
from tests.proofs.table import PROOFS

pytestmark = pytest.mark.slow

HOLD = [pytest.param(proof, id=proof.name) for proof in PROOFS if proof.suite != 0]
PLANTED = [
    pytest.param(proof, bug, id=f"{proof.name}: {bug}") for proof in PROOFS for bug in sorted(proof.planted)
]


@pytest.mark.parametrize("proof", HOLD)
def test_it_holds(proof: Proof) -> None:
    assert hold(proof, trials=proof.suite) >= (proof.suite or 1)


@pytest.mark.parametrize(("proof", "bug"), PLANTED)
def test_it_finds_the_planted(proof: Proof, bug: str) -> None:
    assert finds(proof, bug) is not None, f"{proof.name} stays green with the bug planted: {bug}"


def test_names_are_unique() -> None:
    assert len({proof.name for proof in PROOFS}) == len(PROOFS)
