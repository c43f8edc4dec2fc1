// Certificates for the proxies at 127.0.0.1 and for a server behind them, and the authority that signed both, made for one run.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** The server's name in the documented configuration. */
const NODE = "node1.internal";

/**
 * Returns the paths of the proxies' certificate, its key and both in one file, those of the server's, and the authority's
 * path and text.
 */
function make() {
  const folder = mkdtempSync(join(tmpdir(), "hubwire-certificate-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  openssl("req", "-x509", ...KEY, "-days", "2", "-subj", "/CN=Hubwire's tests", "-keyout", "authority.key", "-out", "authority.crt");
  const path = (name) => join(folder, name);
  const sign = (file, name, alternativeName) => {
    openssl("req", "-new", ...KEY, "-subj", `/CN=${name}`, "-keyout", `${file}.key`, "-out", `${file}.csr`);
    writeFileSync(path(`${file}.ext`), `subjectAltName=${alternativeName}\n`);
    const signed = ["-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", `${file}.ext`];
    openssl("x509", "-req", "-in", `${file}.csr`, ...signed, "-days", "2", "-out", `${file}.crt`);
  };
  sign("proxy", "127.0.0.1", "IP:127.0.0.1");
  sign("node", NODE, `DNS:${NODE}`);
  const text = (name) => readFileSync(path(name), "utf8");
  writeFileSync(path("proxy.pem"), text("proxy.crt") + text("proxy.key"));
  return {
    certificate: path("proxy.crt"),
    key: path("proxy.key"),
    both: path("proxy.pem"),
    node: { cert: path("node.crt"), key: path("node.key") },
    authorityFile: path("authority.crt"),
    authority: text("authority.crt"),
  };
}

/** Made when this module is loaded, so one for each test file. */
export const CERTIFICATE = make();
