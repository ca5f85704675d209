"""Commands over HTTPS and telemetry: parts that a platform may leave out; then it answers 404 there."""

import secrets

import msgspec

from cloud_sync.conformance.bench import Bench, Check, NotTested, Wrong, expect, expect_refusal, read
from cloud_sync.conformance.feed import WAIT_S, expect_heard
from cloud_sync.conformance.peer import Answer
from cloud_sync.wire.commands import CommandAnswer, NonceNotice, PulledCommands
from cloud_sync.wire.telemetry import MAX_SAMPLES, TelemetryPosting, TelemetrySample, TelemetryTaken
from edge.errors import Refusal
from edge.trust.commands import open_command
from edge.trust.cose import read_base64

_NOWHERE = 404
_AT_MS = 1_795_312_800_000


async def take_nonce(bench: Bench) -> str:
    """The device's own word since its last connection."""
    path = bench.peer.device_path + "/nonce"
    body = msgspec.json.encode(NonceNotice(secrets.token_hex(16)))
    expect(_part(await bench.peer.ask("POST", path, body=body)), 204, what="a nonce")
    expect(await bench.peer.ask("POST", path, body=body), 204, what="the same nonce again")
    short = await bench.peer.ask("POST", path, body=b'{"nonce":"short"}')
    expect_refusal(short, 400, "malformed", what="a nonce of five characters")
    return "204, twice; five characters: 400 malformed"


async def wait_for_commands(bench: Bench) -> str:
    """The long poll of commands; what comes is signed for this device."""
    path = bench.peer.device_path + "/commands"
    answer = _part(await bench.peer.ask("GET", path, query={"wait_s": WAIT_S}))
    page = read(expect(answer, 200, what="a long poll"), PulledCommands)
    for one in page.commands:
        try:
            command = open_command(read_base64(one.message), bench.require_keys(), None)
        except Refusal as refusal:
            raise Wrong(f"command {one.id} does not verify: {refusal}") from refusal
        if (command.id, command.site, command.device) != (one.id, bench.peer.site, bench.peer.device):
            raise Wrong(f"command {one.id} is of {command.site}/{command.device}")
    return expect_heard(answer, page.commands)


async def take_answer(bench: Bench) -> str:
    """An answer to a command that is long gone is taken: the device tells it until it is heard."""
    path = bench.peer.device_path + "/answers"
    body = msgspec.json.encode(CommandAnswer("conformance-unknown", "unknown", _AT_MS, "conformance"))
    for _ in range(2):
        expect(_part(await bench.peer.ask("POST", path, body=body)), 204, what="an answer")
    wrong = await bench.peer.ask("POST", path, body=b'{"command":"c","state":"perhaps","at_ms":1}')
    expect_refusal(wrong, 400, "malformed", what="a state that is none")
    return "204, twice; a state that is none: 400 malformed"


async def take_samples(bench: Bench) -> str:
    """Samples are taken; the same posting again is taken, too."""
    path = bench.peer.device_path + "/telemetry"
    body = msgspec.json.encode(_posting(3))
    for what in ("samples", "the same samples again"):
        answer = _part(await bench.peer.ask("POST", path, body=body))
        taken = read(expect(answer, 200, what=what), TelemetryTaken)
        if taken.number != 3:
            raise Wrong(f"{what}: taken up to {taken.number}, posted up to 3")
    return "taken up to 3, twice"


async def bound_samples(bench: Bench) -> str:
    """At most 120 samples, whole numbers only."""
    path = bench.peer.device_path + "/telemetry"
    broken = msgspec.json.encode(_posting(1)).replace(b'"uptime_s":1', b'"uptime_s":1.5')
    for body, what in (
        (msgspec.json.encode(_posting(MAX_SAMPLES + 1)), "121 samples"),
        (broken, "a fraction"),
    ):
        expect_refusal(_part(await bench.peer.ask("POST", path, body=body)), 400, "malformed", what=what)
    return "121 samples, a fraction: 400 malformed"


def _part(answer: Answer) -> Answer:
    """The answer, if the platform has this part at all. Raises NotTested."""
    if answer.status == _NOWHERE:
        raise NotTested(f"this platform leaves the part out: {answer}")
    return answer


def _posting(count: int) -> TelemetryPosting:
    numbers = range(1, count + 1)
    return TelemetryPosting(0, [TelemetrySample(1, n, _AT_MS, "unknown", {"uptime_s": n}) for n in numbers])


CHECKS: tuple[Check, ...] = (
    Check("nonce_taken", "commands", "204, and 400 malformed for a short one", take_nonce),
    Check(
        "commands_wait_heard",
        "commands",
        "a long poll of signed commands, heard of every two seconds",
        wait_for_commands,
    ),
    Check("answer_taken", "commands", "204 for an answer, also to a command that is gone", take_answer),
    Check("samples_once", "telemetry", "the number of the last sample, also the second time", take_samples),
    Check("samples_bounded", "telemetry", "400 malformed for 121 samples or a fraction", bound_samples),
)
