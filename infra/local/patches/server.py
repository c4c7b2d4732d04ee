"""The server that all services answer through."""

import functools
import threading

from hypercorn.asyncio.tcp_server import TCPServer

# Set when the server is about to stop: what fails from then on is not the fault of a function.
stopping = threading.Event()


def apply() -> None:
    let_go_of_closed_connections()


def let_go_of_closed_connections() -> None:
    """A connection that its client has closed is kept, with its file, for as long as an idle one."""
    read, wait = TCPServer._read_data, TCPServer._idle_timeout

    @functools.wraps(read)
    async def read_data(self):
        await read(self)
        await self.idle_task.stop()

    @functools.wraps(wait)
    async def idle_timeout(self):
        # The response to the last request may have been in transit when the client disconnected.
        if not self.reader.at_eof():
            await wait(self)

    TCPServer._read_data = read_data
    TCPServer._idle_timeout = idle_timeout
