"""`make soak MINUTES=…`: run the proofs again and again with new seeds, and say how often each held.

Time is shared among the rows by their `share`, in rounds. State lies in `bench/out/soak.json`, so that the
next soak goes on with the next seed; the table goes to `bench/out/soak.md`. Both are written every few
seconds, so a soak may be ended at any moment. A row that fails names its seed and rests, the others go on.
Zero failures in n trials bound the rate of failure by about 3/n (95 %).

`JOBS=n` runs n trials at a time: for rows that mostly wait (`network`). Rows that judge times, `fire` and
`mid-pulse`, want the processors for themselves. `python -m tests.soak --row NAME --seed N` repeats one trial.
"""

import argparse
import sys
import time
from functools import partial
from pathlib import Path

import msgspec

from tests.proofs.crew import run_trials
from tests.proofs.proof import Proof
from tests.proofs.table import PROOFS, find_proof

STATE = Path(__file__).resolve().parents[1] / "bench" / "out" / "soak.json"
ROUND_S = 600.0
"""A round gives every row its part of this time, so that a short soak visits all rows, too."""
KEEP_EVERY_S = 5.0


class Standing(msgspec.Struct):
    """What a row has behind it: the next seed, trials that held, seconds spent, the first violation."""

    seed: int = 1_000
    held: int = 0
    spent_s: float = 0.0
    violation: str | None = None


def main() -> int:
    """Run until the time is over. Returns 1 when a proof failed."""
    asked = _arguments()
    chosen = [proof for proof in PROOFS if asked.row in (None, proof.name)]
    if not chosen:
        sys.stderr.write(f"no row {asked.row}; there are {', '.join(proof.name for proof in PROOFS)}\n")
        return 2
    if asked.seed is not None:
        return _repeat(chosen[0], asked.seed)
    standings = _resume()
    end = time.monotonic() + asked.minutes * 60
    while (left_s := end - time.monotonic()) > 0:
        running = [proof for proof in chosen if _goes_on(proof, standings[proof.name])]
        if not running:
            break
        for proof in running:
            part_s = min(left_s, ROUND_S) * proof.share / sum(each.share for each in running)
            _advance(proof, standings, jobs=asked.jobs, until=min(end, time.monotonic() + part_s))
    sys.stdout.write(table(standings))
    return int(any(standings[proof.name].violation for proof in chosen))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--jobs", type=int, default=1, help="so many trials at a time")
    parser.add_argument("--row", help="only this row of the table")
    parser.add_argument("--seed", type=int, help="with --row: repeat the trial of this seed, once")
    return parser.parse_args()


def _repeat(proof: Proof, seed: int) -> int:
    with proof.open() as trial:
        trial(seed)
    sys.stdout.write(f"{proof.name}: seed {seed} holds\n")
    return 0


def _goes_on(proof: Proof, standing: Standing) -> bool:
    """A row that failed rests; a matrix is complete after one trial."""
    return standing.violation is None and (proof.goal is not None or standing.held == 0)


def _advance(proof: Proof, standings: dict[str, Standing], *, jobs: int, until: float) -> None:
    """Run trials of a row until the time is over or one fails; one at least."""
    standing, first_seed = standings[proof.name], standings[proof.name].seed
    sys.stderr.write(f"{proof.name}: from seed {first_seed}\n")
    kept = counted = time.monotonic()

    def goes_on(seed: int) -> bool:
        return seed == first_seed or (proof.goal is not None and time.monotonic() < until)

    for outcome in run_trials(
        partial(find_proof, proof.name), jobs=jobs, first_seed=first_seed, goes_on=goes_on
    ):
        if outcome.violation is None:
            standing.held, standing.seed = standing.held + outcome.held, outcome.seed + 1
        else:
            standing.violation = f"seed {outcome.seed}: {outcome.violation}"
            sys.stderr.write(f"{proof.name}: VIOLATED, {standing.violation}\n")
        now = time.monotonic()
        standing.spent_s, counted = standing.spent_s + now - counted, now
        if now - kept >= KEEP_EVERY_S:
            _keep(standings)
            kept = now
    _keep(standings)


def table(standings: dict[str, Standing]) -> str:
    """The result as a table for docs/proof.md: n, and the bound 3/n where nothing failed."""
    rows = ["| row | n | goal | failures | 3/n | minutes |", "|---|---|---|---|---|---|"]
    for proof in PROOFS:
        stands = standings[proof.name]
        bound = "all of it" if proof.goal is None else f"{3 / stands.held:.2g}" if stands.held else "-"
        failures = "0" if stands.violation is None else stands.violation.splitlines()[0]
        goal = "all" if proof.goal is None else f"{proof.goal:,}"
        rows.append(
            f"| {proof.name} | {stands.held:,} | {goal} | {failures} | {bound} | {stands.spent_s / 60:.1f} |"
        )
    return "\n".join(rows) + "\n"


def _resume() -> dict[str, Standing]:
    kept = msgspec.json.decode(STATE.read_bytes(), type=dict[str, Standing]) if STATE.exists() else {}
    return {proof.name: kept.get(proof.name, Standing()) for proof in PROOFS}


def _keep(standings: dict[str, Standing]) -> None:
    STATE.parent.mkdir(parents=True, exist_ok=True)
    fresh = STATE.with_suffix(".new")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(standings)))
    fresh.replace(STATE)
    STATE.with_suffix(".md").write_text(table(standings))


if __name__ == "__main__":
    sys.exit(main())
