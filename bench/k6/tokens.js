// Tokens of the clients: each client is a user of its own, because budgets count per user.

import crypto from "k6/crypto";
import encoding from "k6/encoding";
import { settings } from "./settings.js";

const LATER = 3600; // a token outlives the run by this many seconds

/** Returns a token for a user. @param {string} user @param {string} role */
export function tokenOf(user, role) {
  if (settings.token) return settings.token;
  const now = Math.floor(Date.now() / 1000);
  const lasts = settings.ramp_seconds + settings.seconds + settings.drain_seconds + LATER;
  const header = { alg: "HS256", typ: "JWT", kid: settings.key };
  const payload = {
    aud: "weft",
    tid: settings.tenant,
    sub: user,
    role,
    iat: now,
    exp: Math.ceil(now + lasts),
  };
  const signed = [header, payload]
    .map((part) => encoding.b64encode(JSON.stringify(part), "rawurl"))
    .join(".");
  const key = encoding.b64decode(settings.secret.replace(/=+$/, ""), "rawurl");
  return `${signed}.${crypto.hmac("sha256", key, signed, "base64rawurl")}`;
}

/** Whether the test can make tokens of every role. */
export const makesTokens = settings.token === "";
