// The user's token. It comes from the fragment of the page's URL, because browsers never send the
// fragment to a server. This tab keeps the token.

const NAME = "weft.status.token";

let newest = read();

export function token() {
  return newest;
}

// Takes the token out of the URL: other people can see the URL, and the browser's history keeps it.
export function takeToken(fragment) {
  const given = new URLSearchParams(fragment.slice(1)).get("token");
  if (!given) return;
  newest = given;
  keep((storage) => storage.setItem(NAME, given));
  history.replaceState(null, "", location.pathname + location.search);
}

export function forgetToken() {
  newest = "";
  keep((storage) => storage.removeItem(NAME));
}

function read() {
  return keep((storage) => storage.getItem(NAME)) ?? "";
}

// A browser may give the page no storage. Then a reload needs the token again.
function keep(work) {
  try {
    return work(sessionStorage);
  } catch {
    return null;
  }
}
