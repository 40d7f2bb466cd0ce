// Texts of the page in the reader's language: English is the key, the page brings the rest.

/** A function that gives the text for a msgid, its {names} filled. */
export function words(texts) {
  return (msgid, values = {}) => {
    const found = texts[msgid] || msgid;
    return found.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };
}

/** What to say about a Problem of ask.js. */
export function sentence(t, problem) {
  const said = {
    offline: t("No connection. What is already loaded stays visible."),
    session: t("Your session has ended. Please sign in again."),
    forbidden: t("This is not for your account."),
    outside: t("The outside map does not answer; this is our own."),
    missing: t("This place does not exist, or is not for your account."),
  };
  return said[problem.kind] || t("The server could not answer. Please try again.");
}
