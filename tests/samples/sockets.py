"""An ASGI app spoken to without a network: WebSockets and requests, as a server hands them over."""

import asyncio
import json
from contextlib import asynccontextmanager

OWN = {"host": "class.example.org"}


class Socket:
    """One end of a WebSocket whose other end is an app."""

    def __init__(self):
        self._to_app, self._from_app = asyncio.Queue(), asyncio.Queue()

    async def say(self, message):
        text = message if isinstance(message, str) else json.dumps(message)
        await self._to_app.put({"type": "websocket.receive", "text": text})

    async def hear(self, wanted=lambda message: True):
        """The next message that is wanted. Raises ConnectionError with code and reason where the app closes."""
        async with asyncio.timeout(5):
            while True:
                event = await self._from_app.get()
                if event["type"] == "websocket.close":
                    raise ConnectionError(event["code"], event.get("reason"))
                if event["type"] == "websocket.send" and wanted(message := json.loads(event["text"])):
                    return message


@asynccontextmanager
async def socket(app, address, headers=OWN):
    """A WebSocket of an app, until the context ends."""
    end = Socket()
    await end._to_app.put({"type": "websocket.connect"})
    scope = {**_scope(address, headers), "type": "websocket", "scheme": "ws", "subprotocols": []}
    serving = asyncio.create_task(app(scope, end._to_app.get, end._from_app.put))
    try:
        yield end
    finally:
        await end._to_app.put({"type": "websocket.disconnect", "code": 1006})
        await serving


async def request(app, method, address, body=b"", headers=OWN):
    """Status, headers and body of an answer."""
    sent = []
    received = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive():
        return next(received)

    async def send(message):
        sent.append(message)

    await app({**_scope(address, headers), "type": "http", "scheme": "http", "method": method}, receive, send)
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, b"".join(message.get("body", b"") for message in sent[1:])


def _scope(address, headers):
    path, _, query = address.partition("?")
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"path": path, "root_path": "", "query_string": query.encode(), "headers": pairs, "client": None}
