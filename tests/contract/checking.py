"""What is wrong with the clauses: a claim without a test, a name that leads nowhere, a clause left out."""

from collections import Counter
from collections.abc import Iterable

from tests.contract.clause import Clause, Function, State
from tests.contract.places import exists, shown

NUMBERS = (
    *(f"R{n}" for n in range(1, 20)),
    *(f"A{n}" for n in range(1, 8)),
    *(f"B{n}" for n in range(1, 19)),
    *(f"T{n}" for n in range(1, 8)),
    *(f"F{n}" for n in range(1, 29)),
    *(f"N{n}" for n in range(1, 11)),
)
"""Every clause of the requirements: residents, access, counter, technicians, faults of the field, rules."""


def faults(clauses: Iterable[Clause], numbers: tuple[str, ...] = NUMBERS) -> list[str]:
    """Everything that is wrong, in words; nothing where every claim has its test and every name exists."""
    listed = list(clauses)
    found = [fault for clause in listed for fault in _of_clause(clause)]
    count = Counter(clause.id for clause in listed)
    found += [f"{number}: listed {count[number]} times" for number in numbers if count[number] != 1]
    return found + [f"{number}: no such clause" for number in count if number not in numbers]


def _of_clause(clause: Clause) -> list[str]:
    if not clause.functions:
        return [f"{clause.id}: no functions"]
    return [f"{clause.id}, {f.says!r}: {fault}" for f in clause.functions for fault in _of_function(f)]


def _of_function(function: Function) -> list[str]:
    found = [f"no such place: {place}" for place in function.at if not exists(place)]
    found += [f"no such test: {test}" for test in function.tests if not shown(test)]
    if function.state is not State.NOT:
        found += [] if function.tests else [f"{function.state} without a test"]
        found += [] if function.at else [f"{function.state} without a screen, route or command"]
    if function.state is State.PART and not function.missing:
        found.append("part without what is missing")
    if function.state is State.DONE and function.missing:
        found.append("done, and something missing")
    return found
