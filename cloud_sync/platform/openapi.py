"""OpenAPI 3.1, made from the route table and the msgspec types: what is served is what is described."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from cloud_sync.platform.exchange import Access, Route
from cloud_sync.platform.openapi_query import describe_query, takes_numbers
from cloud_sync.wire.clock import COSE_MEDIA_TYPE
from cloud_sync.wire.errors import CODES, ErrorBody
from cloud_sync.wire.examples import EXAMPLES
from cloud_sync.wire.protocol import PROTOCOL_VERSION

_TAGS: dict[str, tuple[str, str]] = {
    "/v1/": ("devices", "What a site's hub asks: a platform of one's own answers these (docs/connector.md)."),
    "/api/": ("systems", "What other systems ask with an API key."),
    "/phone/": ("phone", "What the owner's app asks; the page at /phone is one."),
    "/sim/": ("demo", "What only the demo has: the company's desk, the simulated channels."),
    "/": ("platform", "The platform about itself."),
}
"""By how an address begins, the first that fits: tag and what it is."""
_EMPTY_STATUS = "204"
PAGE = "text/html"
_CREATED = {
    "/api/webhooks": "201",
    "/phone/api/payment-code": "201",
    "/phone/api/visitors": "201",
    "/phone/api/doors/{door}/open": "202",
}


def build_openapi(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole document as plain values."""
    shapes = [s for r in routes for s in (r.body, r.answer) if s not in (None, bytes, str)]
    schemas, components = msgspec.json.schema_components(
        [ErrorBody, *shapes], ref_template="#/components/schemas/{name}"
    )
    by_shape = {repr(shape): schema for shape, schema in zip([ErrorBody, *shapes], schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_shape)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "community-edge reference platform",
            "version": PROTOCOL_VERSION,
            "description": "Prose and codes: docs/protocol.md. MQTT and events: /asyncapi.json.",
        },
        "tags": [{"name": name, "description": words} for name, words in _TAGS.values()],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "certificate": {"type": "mutualTLS", "description": "Of its enrolment."},
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Only for a platform on loopback.",
                },
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, `cek_…`."},
                "phone": {"type": "apiKey", "in": "cookie", "name": "phone"},
            },
        },
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", route.path)
    parameters = [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names]
    parameters += describe_query(route)
    operation: dict[str, Any] = {
        "summary": route.summary,
        "tags": [next(tag for start, (tag, _) in _TAGS.items() if route.path.startswith(start))],
        "operationId": route.handler.__name__,
        "parameters": parameters,
        "responses": _responses(route, schemas),
    }
    if route.body is not None:
        schema = {"type": "string", "format": "binary"} if route.body is bytes else schemas[repr(route.body)]
        media = route.media if route.body is bytes else "application/json"
        content = {media: {"schema": schema, **_example(route.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.access in (Access.DEVICE, Access.SITE):
        operation["security"] = [{"certificate": []}, {"token": []}]
    elif route.access is Access.KEY:
        operation["security"] = [{"key": []}]
        operation["description"] = f"An API key with the scope `{route.scope}`."
    elif route.access is Access.PHONE:
        operation["security"] = [{"phone": []}]
    return operation


def _example(shape: object) -> dict[str, Any]:
    """The example of a form, if there is one (those of the golden files)."""
    found = next((one for one in EXAMPLES.values() if type(one) is shape), None)
    return {} if found is None else {"example": msgspec.to_builtins(found)}


def _responses(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    error: dict[str, Any] = {"application/json": {"schema": schemas[repr(ErrorBody)], **_example(ErrorBody)}}
    responses: dict[str, Any] = {}
    if route.media == PAGE:
        # A page says its own "no"; what is refused before it is reached says it as everywhere.
        error = {**error, PAGE: {"schema": {"type": "string"}}}
        responses["4XX"] = {"description": "refused", "content": error}
    if route.answer is None:
        responses[_EMPTY_STATUS] = {"description": "done"}
    else:
        binary = route.answer in (bytes, str)
        schema = {"type": "string"} if binary else schemas[repr(route.answer)]
        media = COSE_MEDIA_TYPE if route.answer is bytes else "application/json"
        media = route.media if route.answer is str else media
        status = _CREATED.get(route.path, "200") if route.method == "POST" else "200"
        responses[status] = {
            "description": route.summary,
            "content": {media: {"schema": schema, **_example(route.answer)}},
        }
    codes = set(route.codes)
    if route.access in (Access.DEVICE, Access.SITE):
        codes.add("protocol_unsupported")
    if route.access not in (Access.OPEN, Access.DEMO):
        codes |= {"unauthorized", "forbidden"}
    if route.access is Access.DEMO:
        codes |= {"forbidden", "unauthorized"}
    if route.body is not None or takes_numbers(route):
        codes.add("malformed")
    for code in sorted(codes):
        status = str(CODES[code])
        known = responses.get(status, {}).get("description")
        responses[status] = {"description": f"{known}, {code}" if known else code, "content": error}
    return responses
