// The columns in which Chromium runs the behaviours, and the rows that no browser can have.

const CLIENT = "10.0.11";

const PLAIN = { scheme: "http", httpProtocol: "HTTP/1.1" };
const SECURE = { scheme: "https", httpProtocol: "HTTP/2", isSecure: true };

const column = (security, transport, encoding) => ({
  ...security,
  name: `Chromium, ${security.scheme}, ${transport}, ${encoding}`,
  client: CLIENT,
  transport,
  encoding,
  isMessagePack: encoding === "MessagePack",
});

export const COLUMNS = [
  column(PLAIN, "WebSockets", "JSON"),
  column(PLAIN, "WebSockets", "MessagePack"),
  column(PLAIN, "ServerSentEvents", "JSON"),
  column(PLAIN, "LongPolling", "JSON"),
  column(PLAIN, "LongPolling", "MessagePack"),
  column(SECURE, "WebSockets", "JSON"),
  column(SECURE, "ServerSentEvents", "JSON"),
  column(SECURE, "LongPolling", "MessagePack"),
];

const overTls = ({ isSecure }) => isSecure;
const nowhere = () => false;
const onSockets = ({ transport }) => transport === "WebSockets";
const onPolls = ({ transport }) => transport === "LongPolling";
const notOnStreams = ({ transport }) => transport !== "ServerSentEvents";
const notOnPolls = ({ transport }) => transport !== "LongPolling";

/** By theme and name: the columns in which browsers can have the row. */
const LIMITED = new Map([
  // Pages cannot add headers to WebSockets and event sources; a token is then in the query.
  ["requests: headers of the client's options", onPolls],
  ["requests: several headers at once, null for the absent", onPolls],
  ["requests: a token, which an open hub ignores", onPolls],
  ["requests: the user of a header", onPolls],
  ["requests: the client's user agent, and another", nowhere],
  // Pages cannot read redirects.
  ["negotiation: 307 names an absolute URL, query kept", nowhere],
  // 40 clients: over HTTP/1.1, a browser opens no more than six connections to a server, and WebSockets one by one.
  ["outages: told to stop under load: every client may come back", overTls],
  // The client keeps a cancel until its call's POST is answered; later calls may overtake it.
  ["streams: no item after a cancel, with or without a token", onSockets],
  // The client's first ping, a POST to what has ended, may be answered before the stream's Close is read.
  ["connections: an OnConnected that fails, details off", notOnStreams],
  ["connections: an OnConnected that fails, details on", notOnStreams],
  ["connections: an OnConnected that fails for clients to read", notOnStreams],
  ["connections: a hub that cannot be made", notOnStreams],
  ["filters: a filter turns a connection away", notOnStreams],
  ["kicks: the oldest connection of a user keeps others out", notOnStreams],
  // Chromium repeats a poll whose connection was cut, and the client does not notice.
  ["outages: cut off by the network: clients come back", notOnPolls],
]);

/** Returns the themes with what browsers can have; a limit for no row is an error. */
export function inBrowsers(themes) {
  const unused = new Set(LIMITED.keys());
  const limited = themes.map(({ theme, behaviours }) => ({
    theme,
    behaviours: behaviours.map((row) => {
      const label = `${theme}: ${row.name}`;
      unused.delete(label);
      const limit = LIMITED.get(label) ?? (() => true);
      return { ...row, where: (column) => row.where(column) && limit(column) };
    }),
  }));
  if (unused.size > 0) throw new Error(`no such rows: ${[...unused].join("; ")}`);
  return limited;
}
