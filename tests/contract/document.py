"""docs/contract.md, from the clauses; `python -m tests.contract.document` writes it anew."""

from collections import Counter
from pathlib import Path

from tests.contract.clause import Clause, Function, State
from tests.contract.clauses import SECTIONS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "contract.md"
HEAD = """# The contract, clause by clause

Written by `python -m tests.contract.document` from `tests/contract/clauses_*.py`; a check compares it with
them, and fails for a claim without a test and for a test, screen, route or command that does not exist.
Change those files, not this one.

Every function and rule that community-edge has to have, in our own words, where it is met and what shows it.
The numbers are the requirements': R for residents, A for gates, doors and lockers, B for the counter and the
books, T for technicians, F for what goes wrong in the field, N for the rules that follow. S0 to S4 are the
cooperation contracts that they come from: property company and e-commerce platform, points against the
property fee, outsourcing between businesses, operation agency, outsourced service with service levels.

- **done**: all of it is there, and the tests show it, with simulated hardware and payment channels (what has
  never been tried on hardware is in the [README](../README.md)).
- **part**: some of it is there, shown by the tests; what is missing is said.
- **not**: nothing that anybody could use.

A test is given by its file and its name with blanks for underscores; `proof` is a row of
[proof.md](proof.md). Routes are those of [roles.md](roles.md), events and settings those of
[reference.md](reference.md).
"""
PLACES = {
    "screen": "kiosk screen",
    "phone": "phone page",
    "kiosk": "kiosk",
    "counter": "counter",
    "platform": "platform",
    "control": "control socket",
    "event": "event",
    "setting": "setting",
}


def describe(sections: tuple[tuple[str, tuple[Clause, ...]], ...]) -> str:
    """The whole document."""
    parts = [HEAD, _summary(sections)]
    for title, clauses in sections:
        parts += [f"## {title}\n", *(_clause(clause) for clause in clauses)]
    return "\n".join(parts)


def _summary(sections: tuple[tuple[str, tuple[Clause, ...]], ...]) -> str:
    rows = ["| | done | part | not |", "|---|---|---|---|"]
    total: Counter[State] = Counter()
    for title, clauses in sections:
        count = Counter(function.state for clause in clauses for function in clause.functions)
        total += count
        rows.append(_counts(title, count))
    return "\n".join([*rows, _counts("**all**", total)]) + "\n"


def _counts(title: str, count: Counter[State]) -> str:
    return f"| {title} | {count[State.DONE]} | {count[State.PART]} | {count[State.NOT]} |"


def _clause(clause: Clause) -> str:
    rows = ["| state | what | where | shown by |", "|---|---|---|---|"]
    rows += [_row(function) for function in clause.functions]
    return "\n".join([f"### {clause.id} {clause.title}\n", *rows]) + "\n"


def _row(function: Function) -> str:
    state = function.state if function.state is State.DONE else f"**{function.state}**"
    lead = "Missing" if function.state is State.PART else "So far"
    says = f"{function.says}." + (f" *{lead}: {function.missing}.*" if function.missing else "")
    where = ", ".join(_place(place) for place in function.at)
    return f"| {state} | {says} | {where} | {_shown(function.tests)} |"


def _place(place: str) -> str:
    kind, colon, name = place.partition(":")
    return f"{PLACES[kind]} `{name}`" if colon and kind in PLACES else f"`{place}`"


def _shown(tests: tuple[str, ...]) -> str:
    files: dict[str, list[str]] = {}
    for test in tests:
        file, _, name = test.partition("::")
        files.setdefault(file, []).append(name.removeprefix("test_").replace("_", " "))
    return "; ".join(_file(file, names) for file, names in files.items())


def _file(file: str, names: list[str]) -> str:
    if file.startswith("proof:"):
        return f"[proof](proof.md) `{file.removeprefix('proof:')}`"
    short = file.removeprefix("tests/").replace("/test_", "/").removesuffix(".py")
    return f"[{short}](../{file}): {', '.join(names)}"


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(describe(SECTIONS))


if __name__ == "__main__":
    main()
