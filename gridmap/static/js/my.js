// My places: the list is there at once; the map is fetched when it is wanted, on desktops when the list stands.
import { toast } from "./page.js";

const shell = document.querySelector(".my-shell");
const button = document.querySelector("[data-my-switch]");
const wide = window.matchMedia("(min-width: 860px)");
let listScroll = 0;

function script(src, nonce) {
  return new Promise((resolve, reject) => {
    const made = document.createElement("script");
    made.src = src;
    made.nonce = nonce;
    made.onload = resolve;
    made.onerror = () => reject(new Error(src));
    document.head.append(made);
  });
}

function style(href) {
  return new Promise((resolve, reject) => {
    const made = document.createElement("link");
    made.rel = "stylesheet";
    made.href = href;
    made.onload = resolve;
    made.onerror = () => reject(new Error(href));
    document.head.prepend(made); // below our own sheets, which have the last word
  });
}

async function fetchMap({ nonce, styles, scripts }) {
  const main = import("./map/main.js");
  await Promise.all(styles.map(style));
  for (const src of scripts) await script(src, nonce);
  return main;
}

function show(map) {
  const words = button.querySelector("span");
  if (map) listScroll = window.scrollY;
  shell.classList.toggle("shows-map", map);
  words.textContent = map ? button.dataset.list : button.dataset.map;
  button.setAttribute("aria-pressed", String(map));
  if (!map) window.scrollTo(0, listScroll);
  if (window.gridmap) window.gridmap.map.invalidateSize({ animate: false });
}

/** The map's own module, once somebody wants to see the map and its libraries are there. */
export function whenMapIsWanted(assets) {
  return new Promise((resolve) => {
    let asked = false;
    const start = () => {
      if (asked) return;
      asked = true;
      fetchMap(assets).then(resolve, () => {
        asked = false;
        if (button) show(false);
        toast(button ? button.dataset.failed : "", "danger");
      });
    };
    if (!button) return;
    if (wide.matches) start();
    wide.addEventListener("change", () => wide.matches && start());
    button.addEventListener("click", () => {
      show(!shell.classList.contains("shows-map"));
      if (shell.classList.contains("shows-map")) start();
    });
  });
}

// In the list of a phone a tap opens the place's page: the map that would show its card is not on the screen.
document.addEventListener(
  "click",
  (event) => {
    const listed = event.target.closest("[data-place]");
    if (listed && !wide.matches && !shell.classList.contains("shows-map")) event.stopPropagation();
  },
  true,
);
