// A certificate for 127.0.0.1 and the authority that signed it, made for one run.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Returns the paths of the certificate, its key and both in one file, and the text of the authority. */
function make() {
  const folder = mkdtempSync(join(tmpdir(), "hubwire-certificate-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  openssl("req", "-x509", ...KEY, "-days", "2", "-subj", "/CN=Hubwire's tests", "-keyout", "authority.key", "-out", "authority.crt");
  openssl("req", "-new", ...KEY, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr");
  writeFileSync(join(folder, "extensions"), "subjectAltName=IP:127.0.0.1\n");
  const signed = ["-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "extensions"];
  openssl("x509", "-req", "-in", "server.csr", ...signed, "-days", "2", "-out", "server.crt");
  const path = (name) => join(folder, name);
  const text = (name) => readFileSync(path(name), "utf8");
  writeFileSync(path("server.pem"), text("server.crt") + text("server.key"));
  return { certificate: path("server.crt"), key: path("server.key"), both: path("server.pem"), authority: text("authority.crt") };
}

/** Made when this module is loaded, so one for each test file. */
export const CERTIFICATE = make();
