"""signalrcore: WebSockets in JSON and MessagePack, event streams and long polling in JSON."""
import logging
import queue
import unittest

from server import Server
from signalrcore.hub_connection_builder import HubConnectionBuilder
from signalrcore.types import HttpTransportType, HubProtocolEncoding

LIMIT = 20


class Client:
    """A client that runs inside a `with` block, with what it has received in queues."""

    def __init__(self, server, transport, encoding, path="/chat-fast"):
        # Its stop waits for one more message, so the usual hub is one that pings each second.
        builder = HubConnectionBuilder().with_url(server.url(path), options={"transport": transport})
        builder.configure_logging(logging.CRITICAL).with_hub_protocol(encoding)
        self.connection = builder.with_automatic_reconnect({"type": "raw", "reconnect_interval": 0.2, "keep_alive_interval": 1}).build()
        self.opened, self.reopened, self.errors = queue.Queue(), queue.Queue(), queue.Queue()
        self.connection.on_open(lambda: self.opened.put(None))
        self.connection.on_reconnect(lambda: self.reopened.put(None))
        self.connection.on_error(self.errors.put)

    def __enter__(self):
        self.connection.start()
        self.opened.get(timeout=LIMIT)
        return self

    def __exit__(self, *_):
        self.connection.stop()

    def hears(self, event):
        """Returns a queue of the arguments of an event."""
        arguments = queue.Queue()
        self.connection.on(event, arguments.put)
        return arguments

    def call(self, method, *arguments):
        """Returns the result of a call."""
        completed = queue.Queue()
        self.connection.invoke(method, list(arguments), completed.put)
        return completed.get(timeout=LIMIT).result

    def items(self, method, *arguments):
        """Returns the items of a stream."""
        items, ended = [], queue.Queue()
        handlers = {"next": items.append, "complete": ended.put, "error": ended.put}
        self.connection.stream(method, list(arguments)).subscribe(handlers)
        ended.get(timeout=LIMIT)
        return items


class Behaviour:
    """What holds over each transport in each encoding; the classes below run it."""

    transport = encoding = None

    def setUp(self):
        self.server = self.enterContext(Server())

    def client(self):
        return Client(self.server, self.transport, self.encoding)

    def test_it_uses_its_transport(self):
        with self.client() as client:
            self.assertEqual(type(client.connection.transport).__name__, self.name)

    def test_a_call_has_its_result(self):
        with self.client() as client:
            self.assertEqual(client.call("Add", 40, 2), 42)
            self.assertEqual(client.call("Echo", "grüße"), "grüße")
            self.assertIsNone(client.call("Null"))

    def test_a_failed_call_has_its_error(self):
        with self.client() as client:
            client.connection.invoke("ThrowHub", [])
            error = client.errors.get(timeout=LIMIT).error
        self.assertEqual(error, "An unexpected error occurred invoking 'ThrowHub' on the server. "
                                "HubException: Message cannot be empty")

    def test_a_stream_has_its_items(self):
        with self.client() as client:
            self.assertEqual(client.items("Stream", 5, 100), [0, 1, 2, 3, 4])

    def test_a_group_hears_and_nobody_else(self):
        with self.client() as member, self.client() as other, self.client() as outsider:
            heard = [client.hears("ReceiveMessage") for client in (member, other, outsider)]
            member.call("JoinRoom", "tea")
            other.call("JoinRoom", "tea")
            sender = member.call("WhoAmI")
            member.call("SendToRoom", "tea", "hello")
            for messages in heard[:2]:
                self.assertEqual(messages.get(timeout=LIMIT), [sender, "hello"])
            # A message to everybody comes last, so anything before it would have come.
            member.call("SendMessage", "ann", "all")
            self.assertEqual(heard[2].get(timeout=LIMIT)[:2], ["ann", "all"])

    def test_it_comes_back_by_itself(self):
        with self.client() as client:
            before = client.call("WhoAmI")
            client.connection.invoke("Abort", [])
            client.reopened.get(timeout=LIMIT)
            self.assertNotEqual(client.call("WhoAmI"), before)

    # If its first attempt to reconnect fails, signalrcore makes no other, so applications start it again.
    def test_it_can_be_started_again_after_a_restart(self):
        with self.client() as client:
            before = client.call("WhoAmI")
            self.server.stop()
            self.server.start()
            client.connection.stop()
        with self.client() as client:
            self.assertNotEqual(client.call("WhoAmI"), before)


class WebSocketsJson(Behaviour, unittest.TestCase):
    transport, encoding, name = HttpTransportType.web_sockets, HubProtocolEncoding.text, "WebsocketTransport"


class WebSocketsMessagePack(Behaviour, unittest.TestCase):
    transport, encoding, name = HttpTransportType.web_sockets, HubProtocolEncoding.binary, "WebsocketTransport"


class EventStreamsJson(Behaviour, unittest.TestCase):
    transport, encoding, name = HttpTransportType.server_sent_events, HubProtocolEncoding.text, "SSETransport"


class LongPollingJson(Behaviour, unittest.TestCase):
    transport, encoding, name = HttpTransportType.long_polling, HubProtocolEncoding.text, "LongPollingTransport"

    # Over long polling signalrcore reads one message of each response, so that messages that came together leave it
    # behind, and it reads none of a response with an error. A Close behind two others is never read, and it polls for
    # ever. This hub sends nothing on its own, so that the Close is the only message.
    def test_it_comes_back_by_itself(self):
        with Client(self.server, self.transport, self.encoding, "/default") as client:
            before = client.call("GetCallerConnectionId")
            client.connection.invoke("Abort", [])
            client.reopened.get(timeout=LIMIT)
            self.assertNotEqual(client.call("GetCallerConnectionId"), before)
