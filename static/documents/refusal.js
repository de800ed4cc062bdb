// What to tell a user when the server has refused something.

/** @type {Record<string, string>} by the code of the error */
const SENTENCES = {
  offline: "There is no connection. Try again later.",
  token_failed: "There is no connection. Try again later.",
  forbidden: "Your role does not allow this.",
  not_found: "It does not exist any more, or your link does not include it.",
  rate_limited: "That was too often. Try again in a minute.",
  quota_exceeded: "There are too many already. Delete one first.",
  storage_unavailable: "The server cannot store anything just now. Try again in a minute.",
  too_large: "It is too large.",
};

/** @param {any} error */
export function refusal(error) {
  return SENTENCES[error?.code] ?? "Something went wrong. Try again, or tell the people who run this page.";
}
