"""`edge bench`: figures, each with its floor measured beside it in the same run."""

import json
from importlib import import_module
from pathlib import Path

import click

BENCHMARKS = (
    "gate-command",
    "gate-scan",
    "pickup",
    "checkout",
    "uplink",
    "decode",
    "screen",
    "start",
    "memory",
    "idle-writes",
)
"""Names; the module is `edge.bench.NAME`, with '_' for '-', its function `run() -> list of cases`."""


@click.command("bench")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a case.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Also write a table and SVG plots here."
)
def command(names: tuple[str, ...], as_json: bool, out: Path | None) -> None:
    """Run the benchmarks NAMES, or all of them."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise click.UsageError(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    cases = []
    for name in names or BENCHMARKS:
        for case in import_module(f"edge.bench.{name.replace('-', '_')}").run():
            cases.append(case)
            click.echo(json.dumps(case) if as_json else _row(case))
    if out is not None:
        report = import_module("edge.bench.report")
        report.write(cases, out)
        click.echo(f"written to {out}")


def _row(case: dict[str, object]) -> str:
    mark = {True: "ok", False: "MISSED", None: "-"}[case["ok"]]  # type: ignore[index]
    floor = "" if case["floor"] is None else f"floor {case['floor']:g}"
    if case["ratio"] is not None:
        floor += f", ratio {case['ratio']:g}"
    value = f"{case['value']:>10g} {case['unit']:<12}"
    return f"{case['name']:<34} {value} {floor:<32} target {case['target']:<28} {mark}"
