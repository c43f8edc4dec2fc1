// The server of this page, and proxies to it, which the test starts and stops for the page.
/* global stopServer, restartServer, startProxy, cutProxy, stopProxy */

class Proxy {
  static async start(method, ...settings) {
    const proxy = new Proxy();
    proxy.port = await startProxy(method, ...settings);
    return proxy;
  }

  get url() {
    return `${location.protocol}//${location.hostname}:${this.port}`;
  }

  cut() {
    return cutProxy(this.port);
  }

  stop() {
    return stopProxy(this.port);
  }
}

const server = {
  url: location.origin,
  port: Number(location.port),
  stop: (signal = "SIGKILL") => stopServer(signal),
  restart: () => restartServer(),
  blockingProxy: (blocked) => Proxy.start("blockingProxy", blocked),
  cuttableProxy: () => Proxy.start("cuttableProxy"),
};

/** Returns the server of this page: a page whose cells stop it has one of its own. */
export const conformance = async () => server;
export { server };
