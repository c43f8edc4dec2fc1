// HAProxy with the documented configuration.

import { CERTIFICATE } from "./certificate.mjs";
import { Proxy, documented, replaced } from "./proxy.mjs";

export class HaProxy extends Proxy {
  static title = "HAProxy";

  /** Replacements: how long either side may be silent. */
  static silence = (seconds) => [
    ["timeout client 50s", `timeout client ${seconds}s`],
    ["timeout server 100s", `timeout server ${seconds}s\n    timeout tunnel ${seconds}s`],
  ];
  /** Replacements: the time limits of the examples in HAProxy's manual. */
  static ownTimeouts = [["timeout server 100s", "timeout server 50s"]];
  /** Surroundings: everything that can be compressed is. */
  static compression = `
    compression algo gzip
    compression type application/json application/octet-stream text/plain text/event-stream`;

  /** Settings: how many connections an address may have. */
  static limitedTo(count) {
    const limits = replaced(documented("haproxy-limits.cfg"), [["gt 100", `gt ${count}`]]);
    return { replacements: [["    default_backend", `${limits}    default_backend`]] };
  }

  command() {
    const { ports, replacements, surroundings } = this;
    const config = replaced(replaced(documented("haproxy.cfg"), replacements), [
      ["defaults\n", `global\n    hard-stop-after 1s\n\ndefaults\n${surroundings}\n`],
      ["server node1 127.0.0.1:5000", `server node1 127.0.0.1:${this.upstream.port}`],
      ["bind :80", `bind 127.0.0.1:${ports.plain}`],
      ["bind :443", `bind 127.0.0.1:${ports.secure}`],
      ["/etc/haproxy/shop.example.pem", CERTIFICATE.both],
    ]);
    return ["haproxy", "-db", "-f", this.write("haproxy.cfg", config)];
  }

  /** Loads the configuration again: a new process takes over. Returns when the old one has ended with its connections. */
  async reload() {
    const former = this.processes.at(-1);
    await this.spawned([...this.command(), "-sf", `${former.group}`]);
    await former.ended;
  }
}
