"""Parameters in the query of each route, for its description; a handler reads them as numbers or texts."""

from collections.abc import Mapping
from typing import Any

from cloud_sync.platform.exchange import Route

_DEVICE = "/v1/sites/{site}/devices/{device}"
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "/v1/sites/{site}/feed": ("cursor", "limit", "wait_s"),
    f"{_DEVICE}/standing": ("seq",),
    f"{_DEVICE}/commands": ("wait_s",),
    f"{_DEVICE}/events": ("from",),
    "/api/sites/{site}/devices/{device}/epochs/{epoch}/events": ("after", "limit"),
}
_TEXTS: Mapping[str, tuple[str, ...]] = {
    f"{_DEVICE}/standing": ("hash",),
    f"{_DEVICE}/events": ("hash",),
}
_REQUIRED: Mapping[str, tuple[str, ...]] = {"/v1/sites/{site}/channel-bills/{date}": ("payee",)}
_SCHEMAS: Mapping[str, tuple[str, ...]] = {"/v1/sites/{site}/feed": ("schemas",)}
_SCHEMAS_PATTERN = "^([a-z_]+\\.[0-9]{1,4}(,[a-z_]+\\.[0-9]{1,4})*)?$"


def takes_numbers(route: Route) -> bool:
    """Whether a parameter of the route may be malformed."""
    return route.method == "GET" and (route.path in _NUMBERS or route.path in _SCHEMAS)


def describe_query(route: Route) -> list[dict[str, Any]]:
    """The parameters as OpenAPI describes them."""
    if route.method != "GET":
        return []
    number = {"type": "integer", "minimum": 0, "maximum": 2**53}
    filled = {"type": "string", "minLength": 1}
    return [
        *(_parameter(name, number) for name in _NUMBERS.get(route.path, ())),
        *(_parameter(name, {"type": "string"}) for name in _TEXTS.get(route.path, ())),
        *(
            _parameter(name, {"type": "string", "pattern": _SCHEMAS_PATTERN})
            for name in _SCHEMAS.get(route.path, ())
        ),
        *(_parameter(name, filled, required=True) for name in _REQUIRED.get(route.path, ())),
    ]


def _parameter(name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema}
