"""Who may ask, and how the platform says no."""

from cloud_sync.conformance.bench import Bench, Check, NotTested, Wrong, expect, expect_refusal
from cloud_sync.wire.errors import CODES
from cloud_sync.wire.protocol import PROTOCOL_HEADER, PROTOCOL_VERSION

_JSON = {"Content-Type": "application/json"}


async def refuse_stranger(bench: Bench) -> str:
    """Custody is nobody's who does not show who it is."""
    answer = await bench.peer.ask("GET", bench.peer.device_path + "/standing", signed_in=False)
    return expect_refusal(answer, 401, "unauthorized", what="without a credential")


async def refuse_false_token(bench: Bench) -> str:
    """A token that nobody was given opens nothing."""
    headers = {"Authorization": "Bearer conformance-false-token"}
    path = bench.peer.site_path + "/feed"
    answer = await bench.peer.ask("GET", path, headers=headers, signed_in=False)
    return expect_refusal(answer, 401, "unauthorized", what="with a false token")


async def refuse_other_device(bench: Bench) -> str:
    """A device asks about itself only."""
    path = f"{bench.peer.site_path}/devices/{bench.peer.device}-other/standing"
    answer = await bench.peer.ask("GET", path)
    return expect_refusal(answer, 403, "forbidden", what="about another device")


async def refuse_other_site(bench: Bench) -> str:
    """A device asks about its own site only."""
    path = f"/v1/sites/{bench.peer.site}-other/feed"
    return expect_refusal(await bench.peer.ask("GET", path), 403, "forbidden", what="about another site")


async def name_unknown_path(bench: Bench) -> str:
    """An address that does not exist is said in the form of an error."""
    answer = await bench.peer.ask("GET", bench.peer.site_path + "/conformance-nothing")
    return expect_refusal(answer, 404, "not_found", what="an unknown address")


async def name_wrong_method(bench: Bench) -> str:
    """An address asked in the wrong way is said in the form of an error."""
    answer = await bench.peer.ask("DELETE", bench.peer.device_path + "/time")
    return expect_refusal(answer, 405, "method_not_allowed", what="DELETE of the time")


async def refuse_malformed(bench: Bench) -> str:
    """Bodies that are no JSON, or JSON of another shape."""
    path = bench.peer.device_path + "/time"
    for body in (b"", b"{", b"\xff", b"[]", b'{"nonce":7}'):
        answer = await bench.peer.ask("POST", path, body=body, headers=_JSON)
        expect_refusal(answer, 400, "malformed", what=f"body {body!r}")
    return "five bodies: 400 malformed"


async def use_known_codes(bench: Bench) -> str:
    """A code has the status that the protocol's table gives it: devices decide on the code."""
    seen: list[str] = []
    for method, path in (("GET", "/nothing"), ("GET", "/standing?seq=x"), ("PUT", "/batches")):
        answer = await bench.peer.ask(method, bench.peer.device_path + path)
        if answer.status < 400:
            raise Wrong(f"{method} {path}: {answer}")
        if CODES.get(answer.code) != answer.status:
            raise Wrong(f"{method} {path}: {answer}, which is not in the table of codes")
        seen.append(str(answer))
    return ", ".join(seen)


async def tell_protocol(bench: Bench) -> str:
    """Every answer names the version of the protocol, a refusal too."""
    for path in (bench.peer.site_path + "/keyset", bench.peer.site_path + "/conformance-nothing"):
        answer = await bench.peer.ask("GET", path)
        told = answer.headers.get(PROTOCOL_HEADER)
        if told is None or told.partition(".")[0] != PROTOCOL_VERSION.partition(".")[0]:
            raise Wrong(f"{PROTOCOL_HEADER}: {told} with {answer}")
    return f"{PROTOCOL_HEADER}: {told}"


async def refuse_other_protocol(bench: Bench) -> str:
    """Another major version is another language; a minor one only adds."""
    path = bench.peer.site_path + "/feed"
    answer = await bench.peer.ask("GET", path, headers={PROTOCOL_HEADER: "99"})
    seen = expect_refusal(answer, 426, "protocol_unsupported", what="version 99")
    if "supported" not in answer.details:
        raise Wrong("426 without details.supported")
    expect(await bench.peer.ask("GET", path, headers={PROTOCOL_HEADER: "1.9"}), 200, what="version 1.9")
    return f"{seen}, version 1.9: 200"


async def _only_with_token(bench: Bench) -> str:
    if not bench.peer.has_token:
        raise NotTested("the device shows a certificate, no token")
    return await refuse_false_token(bench)


_PART = "asking"
CHECKS: tuple[Check, ...] = (
    Check("stranger_refused", _PART, "401 unauthorized without a credential", refuse_stranger),
    Check("false_token_refused", _PART, "401 unauthorized with a token of nobody", _only_with_token),
    Check("other_device_refused", _PART, "403 forbidden about another device", refuse_other_device),
    Check("other_site_refused", _PART, "403 forbidden about another site", refuse_other_site),
    Check("unknown_path_named", _PART, '404 {"error":"not_found"}', name_unknown_path),
    Check("wrong_method_named", _PART, '405 {"error":"method_not_allowed"}', name_wrong_method),
    Check("protocol_told", _PART, "the version of the protocol on every answer", tell_protocol),
    Check("protocol_judged", _PART, "426 protocol_unsupported for version 99", refuse_other_protocol),
    Check("malformed_refused", _PART, '400 {"error":"malformed"} for bodies of no shape', refuse_malformed),
    Check("codes_of_the_table", _PART, "every code with the status of the table", use_known_codes),
)
