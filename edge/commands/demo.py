"""`edge demo`: the whole product on this machine; with --check its story is played once and compared."""

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import click

from edge.demo.layout import Layout, Ports, alone, empty
from edge.demo.stage.running import Abandoned, Stage, staged_world
from edge.demo.world import OPERATOR, World
from edge.errors import EdgeError

WATCH_S = 0.5


def _port_options(function: Callable[..., None]) -> Callable[..., None]:
    """An option for each port."""
    for port in reversed(fields(Ports)):
        name = f"--{port.name.replace('_', '-')}-port"
        function = click.option(name, type=int, default=port.default, show_default=True)(function)
    return function


@click.command("demo")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
@click.option("--reset", is_flag=True, help="Begin with a new community.")
@_port_options
@click.option(
    "--check", is_flag=True, help="Play the story once without hands, in a folder and on ports of its own."
)
@click.option("--json", "as_json", is_flag=True, help="With --check: one JSON object.")
def command(folder: Path, reset: bool, check: bool, as_json: bool, **numbers: int) -> None:
    """Run brokers, platform, guard, simulators, vision, hub and the stage until Ctrl-C."""
    if check:
        sys.exit(_check(as_json))
    ports = Ports(**{name.removesuffix("_port"): number for name, number in numbers.items()})
    if taken := ports.taken():
        raise click.ClickException(_explain_taken(taken))
    layout = Layout(folder=folder.resolve(), ports=ports)
    try:
        with alone(layout.folder):
            if reset:
                empty(layout.folder)
            asyncio.run(_run(layout))
    except EdgeError as error:
        raise click.ClickException(str(error)) from error


def _explain_taken(taken: list[tuple[str, int]]) -> str:
    """Why it does not start, and what to do."""
    lines = "\n".join(f"  port {n} ({name}): try --{name.replace('_', '-')}-port" for name, n in taken)
    if stages := [number for name, number in taken if name == "stage"]:
        return (
            f"the demo seems to run already: http://127.0.0.1:{stages[0]}/ (Ctrl-C in its terminal ends it)\n"
            f"To run another one, give it --folder and ports of its own:\n{lines}"
        )
    return f"something else listens here already:\n{lines}"


async def _run(layout: Layout) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    click.echo("preparing", nl=False)
    try:
        async with staged_world(layout, stop=stop, say=_say_step) as stage:
            click.echo(f"\n\n{_guide(stage.world, stage.address)}")
            await _watch(stage, stop)
            click.echo("\nending everything")
    except Abandoned:
        click.echo("\nended before it had begun")


def _say_step(words: str) -> None:
    click.echo(f" · {words}", nl=False)


async def _watch(stage: Stage, stop: asyncio.Event) -> None:
    """Until Ctrl-C, or until something ends that nobody ended."""
    world = stage.world
    while not stop.is_set():
        stage.check()
        for name in world.processes.ended():
            click.echo(f"{name} ended:\n{world.processes.log_tail(name)}", err=True)
            stop.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WATCH_S):
                await stop.wait()


def _guide(world: World, stage: str) -> str:
    layout, ports = world.layout, world.layout.ports
    pins = ", ".join(f"{login} {pin}" for login, pin in world.pins().items())
    return f"""\
  stage     {stage}         start here: try it, break it, or let it play by itself

Each part by itself:
  kiosk     http://127.0.0.1:{ports.kiosk}/         the touch screen in the lobby
  phone     http://127.0.0.1:{ports.platform}/phone    the resident of room 1203
  shelf     http://127.0.0.1:{ports.camera}/         hold a product or a pass to a camera
  hands     http://127.0.0.1:{ports.hands}/         push doors and cells, press buttons, break things
  platform  http://127.0.0.1:{ports.platform}/         the journal as it arrives
  sites     http://127.0.0.1:{ports.platform}/operator for operators: {OPERATOR} {world.operator_password()}
  counter   http://127.0.0.1:{ports.counter}/         for staff: {pins}

Try this with them:
  1. shelf: hold the soy sauce to the kiosk's camera; kiosk: pay; phone: pay it
  2. phone: pickup, show the pass to the kiosk; two cells open, one after the other
  3. phone: my code, show it to the kiosk; kiosk: fees, pay one bill
  4. phone: open the south gate; it says opened when its contact moved
  5. phone: invite a visitor, show the pass to the gate's reader; twice
  6. hands: jam the north gate, force a door, set off the fire alarm; counter: sign in as guard, reset it
  7. platform: make a courier's pass; shelf: show it to the kiosk, put a parcel in; phone: collect it
  8. platform: switch on bill_now and bill_differs; counter: sign in as supervisor, match today

Data in {layout.folder}, logs in {layout.logs}. Ctrl-C ends everything."""


def _check(as_json: bool) -> int:
    from edge.demo.story import play

    with tempfile.TemporaryDirectory(prefix="edge-check-") as folder:
        world = World(Layout(folder=Path(folder), ports=Ports.free()))
        try:
            world.prepare()
            world.start()
            world.stock_shelves()
            result = play(world)
        except EdgeError as error:
            result = {"ok": False, "error": str(error), "steps": [], "counts": {}}
        finally:
            world.stop()
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        for step in result["steps"]:
            click.echo(
                f"{'ok ' if step['ok'] else 'BAD'} {step['ms']:>7} ms  {step['name']}  {step['detail']}"
            )
        click.echo(json.dumps(result["counts"]))
        click.echo("the story holds" if result["ok"] else f"the story is broken: {result.get('error', '')}")
    return 0 if result["ok"] else 1
