// The user's token. It comes from the fragment of the page's URL, because browsers never send the
// fragment to a server. This tab keeps the token.

const NAME = "weft.status.token";

export function token() {
  return sessionStorage.getItem(NAME) ?? "";
}

// Takes the token out of the URL: other people can see the URL, and the browser's history keeps it.
export function takeToken(fragment) {
  const given = new URLSearchParams(fragment.slice(1)).get("token");
  if (!given) return;
  sessionStorage.setItem(NAME, given);
  history.replaceState(null, "", location.pathname + location.search);
}

export function forgetToken() {
  sessionStorage.removeItem(NAME);
}
