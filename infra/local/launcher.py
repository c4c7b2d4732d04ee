"""Runs MiniStack, the local AWS, on one port of this machine, with everything it writes under one directory.

    python launcher.py --port 4566 --state .local/aws [--auth] [--no-persist] [--functions-endpoint URL]
        [--async-retry-seconds SECONDS]

Prints one line when it is ready. SIGTERM and Ctrl-C end it with a last snapshot.
"""

import argparse
import asyncio
import errno
import fcntl
import os
import shutil
import signal
import socket
import sys
from pathlib import Path


def main() -> None:
    arguments = parse_arguments()
    state = arguments.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    lock = lock_directory(state)
    listener = listen(arguments.port)
    end_orphans(state)
    set_environment(arguments, state)

    # MiniStack reads its environment while it is imported.
    import patches
    from snapshots import Snapshots

    patches.apply()
    snapshots = None if arguments.no_persist else Snapshots(state / "snapshots")
    asyncio.run(serve(arguments.port, listener, snapshots))

    from ministack.core import lambda_runtime

    lambda_runtime.reset()
    lock.close()
    sys.stdout.flush()
    # MiniStack's worker threads may be waiting for responses that never come.
    os._exit(0)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Runs the local AWS.")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="directory for everything that is written")
    parser.add_argument("--auth", action="store_true", help="check signatures and identity policies")
    parser.add_argument("--no-persist", action="store_true", help="forget everything at the end")
    parser.add_argument(
        "--functions-endpoint", metavar="URL", help="where functions call AWS, e.g. a proxy [default: here]"
    )
    parser.add_argument(
        "--async-retry-seconds", metavar="SECONDS", type=float, default=60,
        help="wait before the first retry of an asynchronous event; before the second it is twice as long [default: 60, as on AWS]",
    )
    return parser.parse_args()


def lock_directory(state: Path):
    """Takes the directory for this process; the lock goes with the process, however it ends."""
    lock = open(state / "launcher.lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"Another local AWS is using {state}.")
    return lock


def listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # From here on clients wait instead of being refused: functions may run before the server is
        # up.
        listener.listen(128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sys.exit(f"Port {port} is taken by another program: stop it or choose another port.")
        sys.exit(f"Port {port} cannot be used: {error.strerror}.")
    return listener


def end_orphans(state: Path) -> None:
    """Ends functions that outlived a killed launcher; they run from a directory below ours."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")).is_relative_to(state / "tmp"):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue  # gone meanwhile, or someone else's


def set_environment(arguments: argparse.Namespace, state: Path) -> None:
    # Functions inherit this environment: the user's own AWS account must not be in it.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    temporary = state / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    persist = "0" if arguments.no_persist else "1"
    os.environ |= {
        "TMPDIR": str(temporary),
        "STATE_DIR": str(state / "state"),
        "PERSIST_STATE": persist,
        "S3_PERSIST": persist,
        "S3_DATA_DIR": str(state / "s3"),
        "GATEWAY_PORT": str(arguments.port),
        "MINISTACK_HOST": "127.0.0.1",
        "AWS_ENDPOINT_URL": arguments.functions_endpoint or f"http://127.0.0.1:{arguments.port}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AUTH": str(arguments.auth).lower(),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        # One instance of each function stays; the others end after a burst.
        "LAMBDA_WARM_TTL_SECONDS": "60",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(arguments.async_retry_seconds),
    }


async def serve(port: int, listener: socket.socket, snapshots) -> None:
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack.app import app
    from patches import server

    stopping = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stopping.set)

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    config.graceful_timeout = 3
    # Like API Gateway: a longer message ends the connection with code 1009.
    config.websocket_max_message_size = 128 * 1024
    announcement = asyncio.create_task(announce(port))

    async def stop_requested() -> None:
        await stopping.wait()
        server.stopping.set()

    closed = asyncio.Event()
    saving = None
    if snapshots is not None:
        app = snapshots.watch(app)
        saving = asyncio.create_task(snapshots.run(closed))
    await hypercorn_serve(app, config, shutdown_trigger=stop_requested)
    announcement.cancel()
    closed.set()
    if saving is not None:
        await saving


async def announce(port: int) -> None:
    """Prints the ready line once the health check answers; from then on asynchronous events are handled."""
    from patches import asynchronous

    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        status = await reader.readline()
        writer.close()
        if b" 200 " in status:
            asynchronous.start()
            print(f"Local AWS ready at http://127.0.0.1:{port}", flush=True)
            return
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
