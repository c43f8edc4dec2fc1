// Hubwire's binaries as child processes.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { BlockingProxy, CuttableProxy } from "./proxy.mjs";
import { KEY } from "./shop-tokens.mjs";
import { within } from "./waiting.mjs";

const HOST = "127.0.0.1";
const STARTING = 10_000;
const STOPPING = 15_000;
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Returns the path in the environment variable, or that of the release build. */
export function binary(variable, name) {
  const path = process.env[variable] || fileURLToPath(new URL(`../../../target/release/${name}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`no server at ${path}: build it or set ${variable}`);
  return path;
}

// With the option `certificate`, both are servers over TLS; the conformance server then serves plain HTTP elsewhere.
const insteadOfPlain = (address, files) => ["--listen", address, ...files];
const besidesPlain = (address, files) => ["--listen", `${HOST}:0`, "--tls-listen", address, ...files];

/** Starts a shop; unless `env` says otherwise, its key is that of the tests, so they can sign tokens that outlive it. */
export const shopnest = (options) =>
  Server.start(binary("SHOPNEST_BIN", "shopnest"), { env: { SHOPNEST_JWT_KEY: KEY }, ...options, secured: insteadOfPlain });
export const conformance = (options) =>
  Server.start(binary("CONFORMANCE_SERVER_BIN", "conformance-server"), { ...options, secured: besidesPlain });
export const firstApp = (options) => Server.start(binary("FIRST_APP_BIN", "first_app"), options);

export class Server {
  #path;
  #child;
  #ended;
  #listen;
  #scheme;
  #env;
  port;
  /** What the server has printed and logged since it was started. */
  output = "";

  /**
   * `args` are passed to the binary, in addition to its address, and `env` is added to its environment. With a `certificate`, `secured` returns the arguments
   * for an address over TLS.
   */
  static async start(path, { port = 0, args = [], env = {}, certificate, secured } = {}) {
    const server = new Server();
    server.#path = path;
    server.#env = env;
    server.#scheme = certificate ? "https" : "http";
    const files = certificate && ["--tls-cert", certificate.cert, "--tls-key", certificate.key];
    const listen = (address) => (files ? secured(address, files) : ["--listen", address]);
    server.#listen = () => [...listen(`${HOST}:${server.port}`), ...args];
    server.port = port;
    await server.restart();
    return server;
  }

  get url() {
    return `${this.#scheme}://${HOST}:${this.port}`;
  }

  /** The process's id. */
  get pid() {
    return this.#child.pid;
  }

  /** Starts the binary; after a stop, it listens on the same port as before. */
  async restart() {
    const child = spawn(this.#path, this.#listen(), { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...this.#env } });
    this.#child = child;
    running.add(child);
    this.output = "";
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => resolve({ error }));
      child.once("close", (code, signal) => resolve({ code, signal }));
    }).then((end) => {
      running.delete(child);
      return end;
    });
    const listening = new Promise((resolve, reject) => {
      child.stderr.on("data", (data) => (this.output += data));
      child.stdout.on("data", (data) => {
        this.output += data;
        const port = new RegExp(`${this.#scheme}://127\\.0\\.0\\.1:(\\d+)\\s`).exec(this.output)?.[1];
        if (port) resolve(Number(port));
      });
      this.#ended.then((end) => reject(new Error(`${this.#path} ended before it listened: ${JSON.stringify(end)}\n${this.output}`)));
    });
    try {
      this.port = await within(listening, `${this.#path} to listen`, STARTING);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** Starts a proxy to this server that does not let the `blocked` transports pass. */
  blockingProxy(blocked) {
    return BlockingProxy.start(this, blocked);
  }

  /** Starts a proxy to this server that can cut its connections. */
  cuttableProxy() {
    return CuttableProxy.start(this);
  }

  /** Sends the signal, waits for the end and returns `{ code, signal }`. */
  async stop(signal = "SIGKILL") {
    this.#child.kill(signal);
    return within(this.#ended, `the server to end after ${signal}`, STOPPING);
  }
}
