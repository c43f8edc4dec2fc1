// Requests of an open connection with a token that has been renewed. The official client keeps the
// token with which a connection was opened, so polls and messages would fail once that has expired.
/* global signalR */

/** Returns the value of the client's option `httpClient`; `newest` returns the token for each request, or null. */
export function withNewestToken(newest) {
  const inner = new signalR.DefaultHttpClient(signalR.NullLogger.instance);
  return new (class extends signalR.HttpClient {
    send(request) {
      const token = newest();
      if (token === null) return inner.send(request);
      return inner.send({ ...request, headers: { ...request.headers, Authorization: `Bearer ${token}` } });
    }
  })();
}
