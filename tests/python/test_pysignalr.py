"""pysignalr: WebSockets, JSON and MessagePack."""
import asyncio
import contextlib
import unittest

from pysignalr.client import SignalRClient
from pysignalr.protocol.json import JSONProtocol
from pysignalr.protocol.messagepack import MessagepackProtocol
from server import Server

LIMIT = 20


def within(awaitable):
    return asyncio.wait_for(awaitable, LIMIT)


class Client:
    """A client that runs inside an `async with` block, with what it has received in queues."""

    def __init__(self, server, protocol, path="/chat"):
        self.client = SignalRClient(server.url(path), protocol=protocol(), retry_sleep=0.1)
        self.opened, self.closed, self.errors = asyncio.Queue(), asyncio.Queue(), asyncio.Queue()
        self.client.on_open(lambda: self.opened.put(None))
        self.client.on_close(lambda: self.closed.put(None))
        self.client.on_error(self.errors.put)
        self.pushed = {}

    async def __aenter__(self):
        self.running = asyncio.create_task(self.client.run())
        await within(self.opened.get())
        return self

    async def __aexit__(self, *_):
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.running

    def hears(self, event):
        """Returns a queue of the arguments of an event."""
        arguments = self.pushed[event] = asyncio.Queue()
        self.client.on(event, arguments.put)
        return arguments

    async def call(self, method, *arguments):
        """Returns the message that completes a call."""
        completed = asyncio.get_running_loop().create_future()

        async def complete(message):
            completed.set_result(message)
        await self.client.send(method, list(arguments), complete)
        return await within(completed)

    async def items(self, method, *arguments):
        """Returns the items of a stream."""
        items, ended = [], asyncio.Event()

        async def item(value):
            items.append(value)

        async def end(_):
            ended.set()
        await self.client.stream(method, list(arguments), item, end, end)
        await within(ended.wait())
        return items


class Behaviour:
    """What holds in each protocol; the classes below run it."""

    protocol = None

    def setUp(self):
        self.server = self.enterContext(Server())

    def client(self, path="/chat"):
        return Client(self.server, self.protocol, path)

    async def test_a_call_has_its_result(self):
        async with self.client() as client:
            self.assertEqual((await client.call("Add", 40, 2)).result, 42)
            self.assertEqual((await client.call("Echo", "grüße")).result, "grüße")
            self.assertIsNone((await client.call("Null")).result)

    async def test_a_failed_call_has_its_error(self):
        async with self.client() as client:
            failed = await client.call("ThrowHub")
            error = (await within(client.errors.get())).error
        self.assertEqual(failed.error, error)
        self.assertEqual(error, "An unexpected error occurred invoking 'ThrowHub' on the server. "
                                "HubException: Message cannot be empty")

    async def test_a_stream_has_its_items(self):
        async with self.client() as client:
            self.assertEqual(await client.items("Stream", 5, 0), [0, 1, 2, 3, 4])

    async def test_a_group_hears_and_nobody_else(self):
        async with self.client() as member, self.client() as other, self.client() as outsider:
            heard = [client.hears("ReceiveMessage") for client in (member, other, outsider)]
            await member.call("JoinRoom", "tea")
            await other.call("JoinRoom", "tea")
            sender = (await member.call("WhoAmI")).result
            await member.call("SendToRoom", "tea", "hello")
            for messages in heard[:2]:
                self.assertEqual(await within(messages.get()), [sender, "hello"])
            # A message to everybody comes last, so anything before it would have come.
            await member.call("SendMessage", "ann", "all")
            self.assertEqual((await within(heard[2].get()))[:2], ["ann", "all"])

    async def test_a_client_answers(self):
        async def name(_):
            return "ann"
        async with self.client("/results") as client:
            client.client.on("GetName", name)
            self.assertEqual((await client.call("AskName")).result, "ann")

    async def test_large_messages_pass(self):
        async with self.client() as client:
            self.assertEqual((await client.call("Large", 700_000)).result, "x" * 700_000)

    async def test_it_comes_back_after_a_restart(self):
        async with self.client() as client:
            before = (await client.call("WhoAmI")).result
            await asyncio.to_thread(self.server.stop)
            await within(client.closed.get())
            await asyncio.to_thread(self.server.start)
            await within(client.opened.get())
            self.assertNotEqual((await client.call("WhoAmI")).result, before)


class Json(Behaviour, unittest.IsolatedAsyncioTestCase):
    protocol = JSONProtocol


class MessagePack(Behaviour, unittest.IsolatedAsyncioTestCase):
    protocol = MessagepackProtocol
