"""Plant a bug: replace an attribute of the product while a context lasts, or tell a child its name."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

from tests.proofs.proof import Plant


@contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """`owner.name` is `value` inside, and what it was before outside."""
    before = owner.__dict__[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def replaced_all(*changes: tuple[object, str, object]) -> Iterator[None]:
    """Several at once, for a promise that is kept in more than one place."""
    with ExitStack() as stack:
        for owner, name, value in changes:
            stack.enter_context(replaced(owner, name, value))
        yield


class PlantedByName:
    """Bugs that another process of a proof plants in itself: here is the name of the one to plant next."""

    def __init__(self) -> None:
        self.name: str | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """What a child's command line takes for it."""
        return () if self.name is None else ("--plant", self.name)

    def plants(self, *bugs: str) -> Mapping[str, Plant]:
        """The bugs of a proof, by name."""
        return {bug: partial(self._plant, bug) for bug in bugs}

    @contextmanager
    def _plant(self, bug: str) -> Iterator[None]:
        self.name = bug
        try:
            yield
        finally:
            self.name = None
