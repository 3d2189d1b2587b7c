"""Brings the demo province up: the portal, the file server and the endpoints, in one process on loopback.

    python -m demo.serve --from 2026-11-02 --to 2026-11-08 [--seed N] [--scale X] [--fault NAME ...] [--no-faults]

prints one line of JSON, `{"ready": true, "environment": {...}}`, and serves until its standard input ends or it is
told to stop. `running` does the same inside a test. What is served does not belong here. The secrets are made anew for
each run and are good for nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date
from pathlib import Path
from types import FrameType

import uvicorn

from demo.faults import CATALOGUE, DEFAULT_FAULTS, FaultError
from demo.files import FileTree
from demo.province import DEFAULT_FIRST_DAY, DEFAULT_LAST_DAY, DEFAULT_SCALE, DEFAULT_SEED, Province, province
from demo.servers import endpoints as endpoint_servers
from demo.servers import files as file_server
from demo.servers.access_log import LOG_FILE, AccessLog
from demo.servers.gate import PortalRules
from demo.servers.portal import application

HOST = "127.0.0.1"
CLIENT_ID = "khotinh-demo"
PSEUDONYM_KEY = "demo-only-pseudonym-key-0123456789abcdef"
SMALLEST_SCALE, LARGEST_SCALE = 0.01, 10.0
START_SECONDS = 60.0
_FOLDERS = ("documents", "videoconference", "officer")
SYSTEMS = ("portal", "endpoints", *_FOLDERS)


class DemoError(RuntimeError):
    """The demo province could not be brought up."""


@contextlib.asynccontextmanager
async def serving(made: Province, folder: Path) -> AsyncIterator[dict[str, str]]:
    """The servers of a province while the block runs, on the running event loop.

    Args:
        made: The province.
        folder: Where the served files and the portal's log are written; it has to exist.

    Yields:
        The environment variables that lead the pipeline to the servers.
    """
    password, secret = secrets.token_urlsafe(12), secrets.token_urlsafe(16)
    files = await file_server.start(FileTree(made, folder / "served"), password)
    endpoints = await endpoint_servers.start(made)
    listener = socket.create_server((HOST, 0))
    logged = AccessLog(application(made, PortalRules(CLIENT_ID, secret)), folder / LOG_FILE)
    config = uvicorn.Config(logged, log_config=None, access_log=False, lifespan="off")
    portal = uvicorn.Server(config)
    portal_task = asyncio.create_task(portal.serve(sockets=[listener]))
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(files.known_hosts_line, encoding="utf-8")
    environment = {
        "KHOTINH_SYSTEMS": ",".join(SYSTEMS),
        "KHOTINH_PORTAL_URL": f"http://{HOST}:{listener.getsockname()[1]}",
        "KHOTINH_PORTAL_CLIENT_ID": CLIENT_ID,
        "KHOTINH_PORTAL_CLIENT_SECRET": secret,
        "KHOTINH_ENDPOINT_URL": endpoints.url_template,
        # Dead endpoints cost their timeout, day after day; those that live are on this machine.
        "KHOTINH_ENDPOINT_TIMEOUT_SECONDS": str(endpoint_servers.SLOW_SECONDS * 1.5),
        "KHOTINH_PSEUDONYM_KEY": PSEUDONYM_KEY,
    }
    for name in _FOLDERS:
        environment |= {
            f"KHOTINH_{name.upper()}_URL": f"sftp://{file_server.USER_NAME}@{HOST}:{files.port}/{name}",
            f"KHOTINH_{name.upper()}_PASSWORD": password,
            f"KHOTINH_{name.upper()}_KNOWN_HOSTS": str(known_hosts.resolve()),
        }
    try:
        yield environment
    finally:
        portal.should_exit = True
        portal.force_exit = True
        await portal_task
        listener.close()
        await endpoints.close()
        await files.close()


@contextlib.contextmanager
def running(made: Province, folder: Path | None = None) -> Iterator[dict[str, str]]:
    """The servers of a province while the block runs, in a thread of their own.

    Args:
        made: The province.
        folder: Where the served files are written; a temporary folder if None.

    Yields:
        The environment variables that lead the pipeline to the servers.

    Raises:
        DemoError: The servers did not come up.
    """
    with contextlib.ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="khotinh-demo-")))
        place.mkdir(parents=True, exist_ok=True)
        environment: dict[str, str] = {}
        failures: list[BaseException] = []
        ready, loop = threading.Event(), asyncio.new_event_loop()
        stop = asyncio.Event()

        async def serve() -> None:
            try:
                async with serving(made, place) as found:
                    environment.update(found)
                    ready.set()
                    await stop.wait()
            except OSError as error:
                failures.append(error)
            finally:
                ready.set()

        thread = threading.Thread(target=_run, args=(loop, serve()), name="khotinh-demo", daemon=True)
        thread.start()
        if not ready.wait(START_SECONDS) or not environment:
            raise DemoError("The demo province did not come up.") from (failures[0] if failures else None)
        try:
            yield environment
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until the standard input ends or a signal says so; returns the exit code."""
    options = _parser().parse_args(arguments)
    faults = () if options.no_faults else tuple(options.fault or DEFAULT_FAULTS)
    if not options.first_day <= options.last_day or not SMALLEST_SCALE <= options.scale <= LARGEST_SCALE:
        sys.stderr.write(f"--from must not be after --to; --scale goes from {SMALLEST_SCALE} to {LARGEST_SCALE}.\n")
        return 2
    try:
        made = province(options.seed, options.scale, options.first_day, options.last_day, faults)
    except FaultError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        with running(made, options.folder) as environment:
            sys.stdout.write(json.dumps({"ready": True, "environment": environment}) + "\n")
            sys.stdout.flush()
            sys.stdin.buffer.read()
    except KeyboardInterrupt:
        return 0
    return 0


def _parser() -> argparse.ArgumentParser:
    names = "; ".join(f"{fault.name}: {fault.en}" for fault in CATALOGUE)
    parser = argparse.ArgumentParser(prog="python -m demo.serve", description="The demo province, served on loopback.")
    parser.add_argument("--from", dest="first_day", type=date.fromisoformat, default=DEFAULT_FIRST_DAY, metavar="DAY")
    parser.add_argument("--to", dest="last_day", type=date.fromisoformat, default=DEFAULT_LAST_DAY, metavar="DAY")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--scale", type=float, default=DEFAULT_SCALE)
    parser.add_argument(
        "--fault", nargs="+", action="extend", metavar="NAME", help=f"instead of the usual ones. {names}"
    )
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the served files are written; a temporary one if not given")
    return parser


def _run(loop: asyncio.AbstractEventLoop, work: asyncio.Future[None]) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(work)
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    finally:
        loop.close()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
