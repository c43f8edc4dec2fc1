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

  /** Replacements: a client's own `X-Forwarded-For` is passed on as it is. */
  static passesForwardedFor = [["http-request set-header X-Forwarded-For %[src]", ""]];
  /** Replacements: the client's address is added to its own `X-Forwarded-For`. */
  static appendsForwardedFor = [["http-request set-header X-Forwarded-For", "http-request add-header X-Forwarded-For"]];
  /** Replacements: the server is asked for another host than the client asked for. */
  static rewritesHost = (host) => [["    default_backend", `    http-request set-header Host ${host}\n    default_backend`]];
  /** Replacements for a server with TLS, by the version of HTTP that it is spoken to in. */
  static httpsUpstream() {
    const https = replaced(documented("haproxy-https.cfg"), [["/etc/haproxy/internal-authority.crt", CERTIFICATE.authorityFile]]);
    const plain = "    server node1 127.0.0.1:5000\n";
    return { "HTTP/1.1": [[plain, https]], "HTTP/2": [[plain, replaced(https, [["alpn http/1.1", "alpn h2"]])]] };
  }

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
