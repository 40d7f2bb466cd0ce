// The part of a page beside its map that says the same in words: asked for anew when the question changes.
import { ask, Problem } from "./ask.js";

export class Facts {
  /** `again` is called when the person wants another try after `message` has told of a problem. */
  constructor(part, message, again) {
    this.part = part;
    this.message = message;
    this.again = again;
  }

  async show(address) {
    if (this.request) this.request.abort();
    this.request = new AbortController();
    this.part.setAttribute("aria-busy", "true");
    try {
      const response = await ask(address, { accept: "text/html", signal: this.request.signal });
      this.part.innerHTML = await response.text(); // an autoescaped fragment of our own server
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) throw error;
      this.message.problem(error, this.again);
    }
    this.part.removeAttribute("aria-busy");
  }
}
