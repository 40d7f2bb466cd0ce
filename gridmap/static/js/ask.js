// One way to ask our own server: same origin, one error shape, and a session that ran out is said as such.

/** What went wrong: kind is "offline", "session", "forbidden", "missing" or "server". */
export class Problem extends Error {
  constructor(kind, status) {
    super(`${kind} ${status}`);
    this.name = "Problem";
    this.kind = kind;
    this.status = status;
  }
}

function kindOf(response) {
  if (response.status === 401) return "session";
  if (response.redirected && new URL(response.url).pathname.startsWith("/login")) return "session";
  if (response.status === 403) return "forbidden";
  if (response.status === 404 || response.status === 410) return "missing";
  return response.ok ? null : "server";
}

/** The response to a GET, or a Problem. An aborted request stays an AbortError. */
export async function ask(url, { accept, signal } = {}) {
  let response;
  try {
    response = await fetch(url, {
      signal,
      credentials: "same-origin",
      headers: { Accept: accept || "*/*", "X-Requested-With": "fetch" },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("offline", 0);
  }
  const kind = kindOf(response);
  if (kind) throw new Problem(kind, response.status);
  return response;
}
