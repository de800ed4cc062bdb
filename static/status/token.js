// The user's token. It comes from the fragment of the address, which browsers never send to a
// server, and is kept in this tab.

const NAME = "weft.status.token";

export function token() {
  return sessionStorage.getItem(NAME) ?? "";
}

// Removes the token from the address, which other people can see, and which the history keeps.
export function takeToken(fragment) {
  const given = new URLSearchParams(fragment.slice(1)).get("token");
  if (!given) return;
  sessionStorage.setItem(NAME, given);
  history.replaceState(null, "", location.pathname + location.search);
}

export function forgetToken() {
  sessionStorage.removeItem(NAME);
}
