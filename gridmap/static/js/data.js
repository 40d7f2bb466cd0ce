// Numbers that take a while at the size of a city follow the page, one layer after the other.
import { ask, Problem } from "./ask.js";

async function fillAll() {
  for (const frame of document.querySelectorAll("[data-state]")) {
    try {
      const response = await ask(frame.dataset.state, { accept: "text/html" });
      frame.innerHTML = await response.text(); // an autoescaped fragment of our own server
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      frame.textContent = "—";
    }
  }
}

fillAll();
