"""Plant a bug: replace one attribute of the product for as long as a context lasts."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


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
