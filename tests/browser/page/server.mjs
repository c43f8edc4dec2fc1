// The server of this page, which the test stops and starts for it.
/* global stopServer, restartServer */

const server = {
  url: location.origin,
  port: Number(location.port),
  stop: (signal = "SIGKILL") => stopServer(signal),
  restart: () => restartServer(),
};

/** Returns the server of this page: a page whose cells stop it has one of its own. */
export const conformance = async () => server;
export { server };
