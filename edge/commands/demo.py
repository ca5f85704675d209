"""`edge demo`: the whole product on this machine; with --check its story is played once and compared."""

import json
import signal
import sys
import tempfile
import threading
from pathlib import Path

import click

from edge.demo.layout import Layout, Ports
from edge.demo.world import OPERATOR, World, remove
from edge.errors import EdgeError

WATCH_S = 0.5


@click.command("demo")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
@click.option("--reset", is_flag=True, help="Begin with a new community.")
@click.option("--kiosk-port", default=Ports.kiosk, show_default=True)
@click.option("--counter-port", default=Ports.counter, show_default=True)
@click.option("--platform-port", default=Ports.platform, show_default=True)
@click.option("--platform-devices-port", default=Ports.platform_devices, show_default=True)
@click.option("--camera-port", default=Ports.camera, show_default=True)
@click.option("--hands-port", default=Ports.hands, show_default=True)
@click.option("--platform-broker-port", default=Ports.platform_broker, show_default=True)
@click.option("--site-broker-port", default=Ports.site_broker, show_default=True)
@click.option("--platform-broker-tls-port", default=Ports.platform_broker_tls, show_default=True)
@click.option("--site-broker-tls-port", default=Ports.site_broker_tls, show_default=True)
@click.option(
    "--check", is_flag=True, help="Play the story once without hands, in a folder and on ports of its own."
)
@click.option("--json", "as_json", is_flag=True, help="With --check: one JSON object.")
def command(
    folder: Path,
    reset: bool,
    kiosk_port: int,
    counter_port: int,
    platform_port: int,
    platform_devices_port: int,
    camera_port: int,
    hands_port: int,
    platform_broker_port: int,
    site_broker_port: int,
    platform_broker_tls_port: int,
    site_broker_tls_port: int,
    check: bool,
    as_json: bool,
) -> None:
    """Run brokers, platform, guard, simulators, vision and hub until Ctrl-C."""
    if check:
        sys.exit(_check(as_json))
    ports = Ports(
        kiosk=kiosk_port,
        counter=counter_port,
        platform=platform_port,
        platform_devices=platform_devices_port,
        camera=camera_port,
        hands=hands_port,
        platform_broker=platform_broker_port,
        site_broker=site_broker_port,
        platform_broker_tls=platform_broker_tls_port,
        site_broker_tls=site_broker_tls_port,
    )
    if taken := ports.taken():
        lines = "\n".join(f"  port {n} ({name}): try --{name.replace('_', '-')}-port" for name, n in taken)
        raise click.ClickException(f"something else listens here already:\n{lines}")
    layout = Layout(folder=folder.resolve(), ports=ports)
    if reset:
        remove(layout.folder)
    _run(World(layout))


def _run(world: World) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        click.echo("preparing", nl=False)
        world.prepare()
        world.start(say=lambda words: click.echo(f" · {words}", nl=False))
        world.stock_shelves()
        click.echo(f"\n\n{_guide(world)}")
        while not stop.wait(WATCH_S):
            for name in world.processes.ended():
                click.echo(f"{name} ended:\n{world.processes.log_tail(name)}", err=True)
                stop.set()
    except EdgeError as error:
        raise click.ClickException(str(error)) from error
    finally:
        click.echo("\nending everything")
        world.stop()


def _guide(world: World) -> str:
    layout, ports = world.layout, world.layout.ports
    pins = ", ".join(f"{login} {pin}" for login, pin in world.pins().items())
    return f"""\
  kiosk     http://127.0.0.1:{ports.kiosk}/         the touch screen in the lobby
  phone     http://127.0.0.1:{ports.platform}/phone    the resident of room 1203
  shelf     http://127.0.0.1:{ports.camera}/         hold a product or a pass to a camera
  hands     http://127.0.0.1:{ports.hands}/         push doors and cells, press buttons, break things
  platform  http://127.0.0.1:{ports.platform}/         the journal as it arrives
  sites     http://127.0.0.1:{ports.platform}/operator for operators: {OPERATOR} {world.operator_password()}
  counter   http://127.0.0.1:{ports.counter}/         for staff: {pins}

Try this:
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
