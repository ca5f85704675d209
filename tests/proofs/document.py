"""The list of proofs in docs/proof.md; `python -m tests.proofs.document` writes it there anew."""

from pathlib import Path

from tests.proofs.proof import Proof
from tests.proofs.table import PROOFS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "proof.md"
BEGIN, END = "<!-- the list of proofs begins -->\n", "<!-- the list of proofs ends -->\n"


def describe(proofs: tuple[Proof, ...]) -> str:
    """A table of the rows, then the planted bugs of each by name, as Markdown."""
    rows = ["| row | holds | in `make test` | goal of soaks |", "|---|---|---|---|"]
    rows += [
        f"| `{proof.name}` | {proof.promise} | {_size(proof.suite)} | {_size(proof.goal)} |"
        for proof in proofs
    ]
    bugs = [
        f"- `{proof.name}`: {'; '.join(sorted(proof.planted, key=str.lower))}."
        for proof in proofs
        if proof.planted
    ]
    return "\n".join([*rows, "", "Bugs planted, each found in `make test`:", "", *bugs]) + "\n"


def _size(trials: int | None) -> str:
    if trials is None:
        return "all of it"
    return f"{trials:,}" if trials else "as tests"


def main() -> None:
    """Replace the list in the document."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}{describe(PROOFS)}{END}{after}")


if __name__ == "__main__":
    main()
