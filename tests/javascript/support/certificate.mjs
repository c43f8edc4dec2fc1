// A certificate for this machine, made for one run of the tests, and Node's trust in it.

import { spawn, spawnSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the tests of a program that runs again find the certificate. */
const FOLDER = "HUBWIRE_TEST_CERTIFICATE";

class Certificate {
  cert;
  key;

  constructor(folder) {
    this.cert = join(folder, "cert.pem");
    this.key = join(folder, "key.pem");
  }

  /** Makes the files; they are gone when the process has ended. */
  static make() {
    const folder = mkdtempSync(join(tmpdir(), "hubwire-certificate-"));
    process.once("exit", () => rmSync(folder, { recursive: true }));
    const made = new Certificate(folder);
    const { error, status, stderr } = spawnSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
        ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        ...["-keyout", made.key, "-out", made.cert],
      ],
      { encoding: "utf8" },
    );
    if (error || status !== 0) throw new Error(`openssl cannot make a certificate: ${error ?? stderr}`);
    return made;
  }

  /** The SHA-256 of the public key, in base64, by which Chromium can be told to trust it. */
  get publicKeyHash() {
    const { publicKey } = new X509Certificate(readFileSync(this.cert));
    return createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64");
  }
}

let own;

/** Returns the certificate of this program. */
export function certificate() {
  const folder = process.env[FOLDER];
  own ??= folder ? new Certificate(folder) : Certificate.make();
  return own;
}

/** Runs this program again if Node does not trust its certificate yet: which it trusts, it reads when it starts. */
export async function trustCertificate() {
  if (process.env[FOLDER]) return;
  const { cert } = certificate();
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: cert, [FOLDER]: join(cert, "..") };
  const again = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => again.kill(signal));
  const code = await new Promise((resolve, reject) => again.once("error", reject).once("close", resolve));
  process.exit(code ?? 1);
}
