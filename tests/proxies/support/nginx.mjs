// nginx with the documented configuration, inside a main file for tests.

import { userInfo } from "node:os";

import { until } from "./until.mjs";
import { CERTIFICATE } from "./certificate.mjs";
import { Proxy, documented, replaced } from "./proxy.mjs";

const WORKERS = 2;

export class Nginx extends Proxy {
  static title = "nginx";

  /** Replacements: how long either side may be silent. */
  static silence = (seconds) => [["proxy_read_timeout 100s;", `proxy_read_timeout ${seconds}s;`]];
  /** Replacements: the time limits that nginx has by itself. */
  static ownTimeouts = [["proxy_read_timeout 100s;", ""]];
  /** Surroundings: everything that can be compressed is. */
  static compression = `
    gzip on;
    gzip_proxied any;
    gzip_min_length 1;
    gzip_types application/json application/octet-stream text/plain text/event-stream;`;

  /** Replacements: a client's own `X-Forwarded-For` is passed on as it is. */
  static passesForwardedFor = [["proxy_set_header X-Forwarded-For $remote_addr;", ""]];
  /** Replacements: the client's address is added to its own `X-Forwarded-For`. */
  static appendsForwardedFor = [["X-Forwarded-For $remote_addr;", "X-Forwarded-For $proxy_add_x_forwarded_for;"]];
  /** Replacements: the server is asked for another host than the client asked for. */
  static rewritesHost = (host) => [["proxy_set_header Host $http_host;", `proxy_set_header Host ${host};`]];
  /** Replacements for a server with TLS, by the version of HTTP that it is spoken to in. */
  static httpsUpstream() {
    const https = replaced(documented("nginx-https.conf"), [["/etc/ssl/internal-authority.crt", CERTIFICATE.authorityFile]]);
    return { "HTTP/1.1": [["        proxy_pass http://hubwire;\n", https]] };
  }

  /** Settings: how many connections an address may have. */
  static limitedTo = (count) => ({ surroundings: replaced(documented("nginx-limits.conf"), [["clients 100;", `clients ${count};`]]) });

  command() {
    const { ports, replacements } = this;
    const config = replaced(replaced(documented("nginx.conf"), replacements), [
      ["server 127.0.0.1:5000;", `server 127.0.0.1:${this.upstream.port};`],
      ["listen 80;", `listen 127.0.0.1:${ports.plain};`],
      ["listen 443 ", `listen 127.0.0.1:${ports.secure} `],
      ["/etc/ssl/shop.example.crt", CERTIFICATE.certificate],
      ["/etc/ssl/shop.example.key", CERTIFICATE.key],
    ]);
    const main = this.write("main.conf", this.#main(this.write("hubwire.conf", config)));
    return ["nginx", "-p", this.folder, "-e", "stderr", "-c", main];
  }

  #main(config) {
    const { username, uid } = userInfo();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    return `
daemon off;
${uid === 0 ? `user ${username};` : ""}
pid ${this.path("nginx.pid")};
error_log stderr notice;
worker_processes ${WORKERS};
worker_shutdown_timeout 1s;
events { worker_connections 2048; }
http {
    access_log off;
    ${temporary.map((name) => `${name}_temp_path ${this.path(name)};`).join(" ")}
    ${this.surroundings}
    include ${config};
}
`;
  }

  /** Loads the configuration again: new processes take over. Returns when the old ones have ended with their connections. */
  async reload() {
    const ends = () => this.output.match(/worker process \d+ exited/g)?.length ?? 0;
    const wanted = ends() + WORKERS;
    process.kill(this.processes.at(-1).group, "SIGHUP");
    await until(() => ends() >= wanted, "nginx's former workers to end");
  }
}
