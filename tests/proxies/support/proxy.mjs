// A proxy's process: its folder, its ports, its configuration, and its end.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { within } from "../../javascript/support/waiting.mjs";
import { until } from "./until.mjs";

const HOST = "127.0.0.1";
const STARTING = 10_000;
const STOPPING = 10_000;
/** Systems choose the ports of outgoing connections from higher ones, so a port stays free while its proxy is down. */
const PORTS = { first: 12_000, last: 32_000 };

/** The process groups that run. */
const running = new Set();
process.once("exit", () => running.forEach((group) => kill(group, "SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Signals a process and its children. */
function kill(group, signal) {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** Returns the configuration that the documentation shows. */
export function documented(file) {
  return readFileSync(new URL(`../config/${file}`, import.meta.url), "utf8");
}

/** Replaces each text, which must be there. */
export function replaced(text, replacements) {
  return replacements.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the configuration has no ${JSON.stringify(from)}:\n${text}`);
    return text.replaceAll(from, to);
  }, text);
}

/** The ports that were given to proxies of this program or are in use elsewhere. */
const given = new Set();

async function freePort() {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first));
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer();
    const listening = once(server, "listening");
    server.listen(port, HOST);
    try {
      await listening;
    } catch {
      continue;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}

async function accepts(port) {
  const socket = connect(port, HOST);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** What nginx and HAProxy have in common. Each class of a proxy has a static `title`. */
export class Proxy {
  folder = mkdtempSync(join(tmpdir(), "hubwire-proxy-"));
  ports = {};
  /** What the proxy has printed. */
  output = "";
  /** The processes that have not ended, the newest last. */
  processes = [];

  /**
   * Starts a proxy to a server. `replacements` change the documented configuration, as pairs of texts; `surroundings` are
   * further lines where the documented ones leave it to the reader what is there.
   */
  static async start(upstream, { replacements = [], surroundings = "" } = {}) {
    const proxy = new this();
    Object.assign(proxy, { upstream, replacements, surroundings });
    proxy.ports = { plain: await freePort(), secure: await freePort() };
    try {
      await proxy.restart();
    } catch (error) {
      await proxy.stop();
      throw error;
    }
    return proxy;
  }

  get plain() {
    return `http://${HOST}:${this.ports.plain}`;
  }

  get secure() {
    return `https://${HOST}:${this.ports.secure}`;
  }

  path(name) {
    return join(this.folder, name);
  }

  write(name, text) {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Starts the proxy; after `kill`, it listens on the same ports as before. */
  async restart() {
    await this.spawned(this.command());
  }

  /** Runs a program of its own process group, and waits until it has opened the ports. */
  async spawned([program, ...args]) {
    // The folders of administrators are not in everybody's path.
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
    const child = spawn(program, args, { detached: true, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (this.output += data));
    const ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(`${code ?? signal}`));
    });
    const entry = { group: child.pid, ended, hasEnded: false };
    if (child.pid) running.add(child.pid);
    this.processes.push(entry);
    ended.then(() => {
      entry.hasEnded = true;
      this.processes.splice(this.processes.indexOf(entry), 1);
      // Workers may have outlived their parent.
      if (!child.pid) return;
      kill(child.pid, "SIGKILL");
      running.delete(child.pid);
    });
    const isOpen = async () => entry.hasEnded || accepts(this.ports.plain);
    try {
      await until(isOpen, `${program} to listen`, STARTING);
      if (entry.hasEnded) throw new Error(`${program} ended with ${await entry.ended}`);
    } catch (error) {
      throw new Error(`${error.message}: ${this.output}`);
    }
  }

  /** Ends the proxy and all its connections at once. */
  async kill() {
    const ended = this.processes.map(({ group, ended }) => {
      if (group) kill(group, "SIGKILL");
      return ended;
    });
    await within(Promise.all(ended), "the proxy to end", STOPPING);
  }

  async stop() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
