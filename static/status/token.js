// The reader's token: from the address's fragment, which is never sent, into this tab.

const NAME = "weft.status.token";

export function token() {
  return sessionStorage.getItem(NAME) ?? "";
}

// It does not stay in the address: that is seen over shoulders, and kept in the history.
export function takeToken(fragment) {
  const given = new URLSearchParams(fragment.slice(1)).get("token");
  if (!given) return;
  sessionStorage.setItem(NAME, given);
  history.replaceState(null, "", location.pathname + location.search);
}

export function forgetToken() {
  sessionStorage.removeItem(NAME);
}
