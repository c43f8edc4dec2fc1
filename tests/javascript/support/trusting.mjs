// Import this before node:test where Node itself opens connections over TLS.

import { trustCertificate } from "./certificate.mjs";

await trustCertificate();
