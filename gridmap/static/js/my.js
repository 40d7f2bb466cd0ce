// My places: the list is there at once; the map is fetched when it is wanted, on desktops when the list stands.
import { toast } from "./page.js";

const shell = document.querySelector(".my-shell");
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

async function fetchMap({ nonce, styles, scripts, main }) {
  const module = import(main);
  await Promise.all(styles.map(style));
  for (const src of scripts) await script(src, nonce);
  return module;
}

function show(map) {
  if (map) listScroll = window.scrollY;
  for (const frame of [shell, document.body]) frame.classList.toggle("shows-map", map);
  if (!map) window.scrollTo(0, listScroll);
  else document.querySelector("[data-my-switch=list]").focus({ preventScroll: true });
  if (window.gridmap) window.gridmap.map.invalidateSize({ animate: false });
}

/** The map's own module, once somebody wants to see the map and its libraries are there. */
export function whenMapIsWanted({ isEmpty, failed, ...assets }) {
  return new Promise((resolve) => {
    let asked = false;
    const start = () => {
      if (asked) return;
      asked = true;
      fetchMap(assets).then(resolve, () => {
        asked = false;
        show(false);
        toast(failed, "danger");
      });
    };
    if (isEmpty) return;
    if (wide.matches) start();
    wide.addEventListener("change", () => wide.matches && start());
    for (const button of document.querySelectorAll("[data-my-switch]")) {
      button.addEventListener("click", () => {
        show(button.dataset.mySwitch === "map");
        if (shell.classList.contains("shows-map")) start();
      });
    }
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
