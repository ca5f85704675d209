"""Bit flips and mutants of passes, commands, signed documents and requests: not one may have an effect.

Each trial makes one honest message of every kind and 500 mutants of them. A mutant must be refused by the
product's own way in (the door, the locker, the command session, the feed …), not by a decoder alone; after
them the honest message itself must be taken, so that a door that refuses everything is found, too.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import cbor2
import msgspec

import cloud_sync.commands
import edge.access.entry
import edge.access.pickup
import edge.pay.contract
from edge.access import policy
from edge.trust import cose, keys, passes
from edge.trust.commands import Command, check_command
from edge.trust.passes import Pass
from tests.proofs import signed_credentials, signed_platform, signed_requests
from tests.proofs.mutation import (
    Mutation,
    confused,
    damaged,
    grafted,
    signed_oddly,
    signed_otherwise,
    written_otherwise,
)
from tests.proofs.planting import replaced, replaced_all
from tests.proofs.proof import Proof, Trial
from tests.proofs.signed_messages import all_ways, make_ready
from tests.proofs.signed_requests import refuse_requests
from tests.proofs.signed_ways import KEYS, OLD, Way, Ways, as_base64, as_text, key_of

MUTANTS = 500
"""So many a trial are drawn by chance; those that are signed, but wrongly, are all tried in every trial."""
KIDS = [*(key.kid for key in KEYS.values()), "passes-0", "root-1", "nobody", ""]
STRANGER = key_of("stranger", "passes")


def draw(rng: Random, way: Way, ways: list[Way]) -> Mutation:
    """One mutant of a way's honest message, by chance."""
    chosen = rng.randrange(18)
    if chosen < 9:
        return damaged(rng, len(way.honest))
    if chosen < 11:
        return written_otherwise(rng)
    if chosen < 13:
        return confused(rng, way.signer.public, KIDS)
    if chosen == 13:
        return grafted(rng, rng.choice([other for other in ways if other is not way]).honest)
    if chosen == 14:
        other = rng.choice([other for other in ways if other.through != way.through])
        return Mutation(f"a {other.name}", lambda m: other.honest)
    return signed_oddly(rng, way.signer.private)


def signed_wrongly(way: Way) -> Iterator[Mutation]:
    """Every claim that must be refused under the right signature, and the right claims under every other."""
    for how, alter in way.wrong:
        yield signed_otherwise(way.signer.private, way.kid, how, alter)
    for key in (OLD, STRANGER, *KEYS.values()):
        if key.kid != way.signer.kid:
            for kid in (key.kid, way.kid):
                yield signed_otherwise(
                    key.private, kid, f"signed by {key.kid} as {kid}", lambda claims: claims
                )


def text_mutants(rng: Random, honest: str) -> list[tuple[str, str]]:
    """What may become of a pass's text between paper and reader."""
    at = rng.randrange(4, len(honest))
    letters = [place for place, letter in enumerate(honest) if letter.isalpha() and place > 3]
    low = rng.choice(letters)
    return [
        ("one small letter", honest[:low] + honest[low].lower() + honest[low + 1 :]),
        ("all small letters", honest.lower()),
        ("a blank before", " " + honest),
        ("a blank behind", honest + " "),
        ("a blank inside", honest[:at] + " " + honest[at:]),
        ("a line end", honest + "\n"),
        ("another prefix", "CE2:" + honest[4:]),
        ("the prefix twice", "CE1:" + honest),
        ("no prefix", honest[4:]),
        ("full-width", honest[:-1] + chr(ord(honest[-1]) + 0xFEE0)),
        ("a group that is too large", honest + ":::"),
        ("a letter too many", honest + "A"),
        ("cut", honest[:at]),
        ("a letter changed", honest[:at] + rng.choice("0A%:".replace(honest[at], "")) + honest[at + 1 :]),
    ]


def base64_mutants(honest: str) -> list[tuple[str, str]]:
    """Other texts that a lenient decoder reads as the same bytes."""
    return [
        ("a line end", honest + "\n"),
        ("a blank inside", honest[:8] + " " + honest[8:]),
        ("no padding", honest.rstrip("=") if honest.endswith("=") else honest[:-1]),
        ("more padding", honest + "===="),
        ("loose bits", _loose_bits(honest)),
    ]


def _loose_bits(honest: str) -> str:
    """The bits that the last letter before the padding does not need, set; or a letter changed."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = honest.rstrip("=")
    return body[:-1] + letters[letters.index(body[-1]) ^ 1] + honest[len(body) :]


async def run_trial(ways: Ways, seed: int) -> int:
    """At least 500 mutants of all kinds, then each honest message once, then again."""
    rng = Random(seed)
    await make_ready(ways, seed)
    kinds = all_ways(ways, seed)
    chosen = [(way, mutation) for way in kinds for mutation in signed_wrongly(way)]
    chosen += [(way, draw(rng, way, kinds)) for way in rng.choices(kinds, k=MUTANTS)]
    held = 0
    for way, mutation in chosen:
        changed = mutation.change(way.honest)
        if changed in {other.honest for other in kinds if _is_honest_at(other, way)}:
            continue  # what is honest there, is no mutant
        assert not await way.take(mutation.change), (
            f"a {way.name} was taken although {mutation.how}: {changed.hex()}"
        )
        held += 1
    held += await _refuse_texts(ways, rng, kinds)
    held += refuse_requests(rng, seed)
    for way in kinds:
        assert await way.take(lambda message: message), f"an honest {way.name} was refused"
    return held + await _refuse_again(ways, kinds)


def _is_honest_at(message: Way, way: Way) -> bool:
    return message.through == way.through or message.name in way.also


async def _refuse_texts(ways: Ways, rng: Random, kinds: list[Way]) -> int:
    """Mutants of the letters that carry a message, and honest passes where they open nothing."""
    held = 0
    by_name = {way.name: way.honest for way in kinds}
    for name in ("visitor pass", "staff pass", "resident code"):
        for how, text in text_mutants(rng, as_text(by_name[name])):
            assert not await ways.at_door(text), f"a {name} was taken with {how}: {text}"
            held += 1
        assert not await ways.at_door(as_text(by_name[name]), "office"), f"a {name} opened another door"
    for how, text in text_mutants(rng, as_text(by_name["order pass"])):
        assert not await ways.at_locker(text), f"an order pass was taken with {how}: {text}"
        held += 1
    for how, text in base64_mutants(as_base64(by_name["contract"])):
        assert not await ways.as_contract(text), f"a contract was taken with {how}"
        held += 1
    for how, text in base64_mutants(as_base64(by_name["site configuration"])):
        assert not await ways.as_configuration(text), f"a configuration was taken with {how}"
        held += 1
    for how, text in base64_mutants(as_base64(by_name["key set of the feed"])):
        assert not await ways.as_fed_keyset(text), f"a key set was taken with {how}"
        held += 1
    assert not await ways.at_door(as_text(by_name["order pass"])), "an order pass opened a door"
    assert not await ways.at_locker(as_text(by_name["visitor pass"])), "a visitor's pass opened the locker"
    return held + 5


async def _refuse_again(ways: Ways, kinds: list[Way]) -> int:
    """What counts once, once its opening is decided: single passes, a resident's code, a command, keys."""
    await ways.world.contact("door:gate", "open")
    await ways.world.run_out()
    ways.world.clock.advance(seconds=10)
    many = ("order pass", "courier's pass", "signed time", "holder certificate", "platform", "enrolment")
    once = [way for way in kinds if way.name not in many]
    for way in once:
        assert not await way.take(lambda message: message), f"a {way.name} was taken twice"
    return len(once)


@contextmanager
def _open() -> Iterator[Trial]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:

        async def begin() -> Ways:
            return Ways(Path(folder))

        ways = runner.run(begin())
        yield lambda seed: runner.run(run_trial(ways, seed))
        runner.run(ways.world.close())


def _signature_not_checked() -> AbstractContextManager[None]:
    def verify(*parts: object) -> None:
        """Never looks."""

    return replaced_all((keys, "verify_raw", verify), (cose, "verify_raw", verify))


def _canonical_not_demanded() -> AbstractContextManager[None]:
    def decode(data: bytes, part: str) -> Any:
        try:
            return cbor2.loads(data)
        except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise cose.NotCanonical(part=part) from error

    return replaced(cose, "_decode_canonical", decode)


def _purpose_ignored() -> AbstractContextManager[None]:
    def find(self: keys.KeySet, kid: str, purpose: str, at_ms: int | None) -> keys.VerifyingKey:
        for key in self.keys:
            if key.kid == kid and (at_ms is None or key.is_valid_at(at_ms)):
                return key
        raise keys.UnknownKey(kid=kid)

    return replaced(keys.KeySet, "find", find)


def _window_of_key_ignored() -> AbstractContextManager[None]:
    return replaced_all(
        (keys.VerifyingKey, "is_valid_at", lambda self, at_ms: True),
        (keys.KeySet, "without_ended", lambda self, at_ms: self),
    )


def _judged(alter: Callable[[Command, dict[str, Any]], dict[str, Any]]) -> AbstractContextManager[None]:
    """The command is judged by what it says of itself."""
    honest = check_command

    def check(command: Command, **by: Any) -> None:
        honest(command, **(by | alter(command, by)))

    return replaced(cloud_sync.commands, "check_command", check)


def _site_of_pass_ignored() -> AbstractContextManager[None]:
    def intend(unit: Any, shown: Pass, *more: Any) -> policy.Intent:
        return policy.intend_by_pass(unit, msgspec.structs.replace(shown, site=unit.site), *more)

    return replaced(edge.access.entry, "intend_by_pass", intend)


def _expiry_ignored() -> AbstractContextManager[None]:
    def intend(unit: Any, shown: Pass, *more: Any) -> policy.Intent:
        return policy.intend_by_pass(unit, msgspec.structs.replace(shown, expires_ms=2**50), *more)

    return replaced_all(
        (passes, "_check_window", lambda opened, at_ms: None), (edge.access.entry, "intend_by_pass", intend)
    )


def _critical_ignored() -> AbstractContextManager[None]:
    return replaced(cose, "_read_header", lambda protected: cbor2.loads(protected).get(4, b"").decode())


PROOF = Proof(
    name="mutants",
    promise="No bit flip or mutant of a pass, a command, a signed document or a request for a certificate"
    " has an effect",
    open=_open,
    suite=10_000,
    goal=1_000_000,
    planted={
        "signature not checked": _signature_not_checked,
        "canonical form not demanded": _canonical_not_demanded,
        "purpose of the key ignored": _purpose_ignored,
        "a key's window ignored": _window_of_key_ignored,
        "audience of a command ignored": lambda: _judged(
            lambda command, _: {"site": command.site, "device": command.device}
        ),
        "site of a pass ignored": _site_of_pass_ignored,
        "expiry ignored": _expiry_ignored,
        "nonce ignored": lambda: _judged(lambda command, _: {"nonce": command.nonce}),
        "counter ignored": lambda: _judged(lambda command, _: {"last_counter": -1}),
        "critical field ignored": _critical_ignored,
        **signed_credentials.PLANTED,
        **signed_platform.PLANTED,
        **signed_requests.PLANTED,
    },
    patience=4_000,
)
