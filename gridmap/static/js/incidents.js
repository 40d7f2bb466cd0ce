// The board of cases: refreshes itself without losing what is chosen, several cases at once, and keys in the list.

const board = document.getElementById("board");
const stale = document.getElementById("board-stale");
const bulk = document.getElementById("bulk");
const every = Number(board.dataset.every) * 1000;
let tag = "";
let asking = false;

const ticks = () => [...board.querySelectorAll("input[name=case]")];
const tickOfAll = () => board.querySelector("input[data-all]");
const rows = () => [...board.querySelectorAll("a[data-case]")];

// Several at once -----------------------------------------------------------------------------------------------------

function count() {
  if (!bulk) return;
  const chosen = ticks().filter((box) => box.checked).length;
  bulk.hidden = chosen === 0;
  const words = bulk.querySelector(".bulk-count");
  words.textContent = words.dataset.count.replace("{count}", chosen);
  document.body.classList.toggle("has-bulk", chosen > 0);
  const all = tickOfAll();
  if (!all) return;
  all.checked = chosen > 0 && chosen === ticks().length;
  all.indeterminate = chosen > 0 && !all.checked;
}

function chooseAll(checked) {
  for (const box of ticks()) box.checked = checked;
  count();
}

board.addEventListener("change", (event) => {
  if (event.target === tickOfAll()) chooseAll(event.target.checked);
  else count();
});

if (bulk) {
  bulk.querySelector("[data-untick]").addEventListener("click", () => chooseAll(false));
}

// Refreshing ----------------------------------------------------------------------------------------------------------

/** Put the new part in place of the old one: ticks of rows that have not changed stay, and so does the focus. */
function replace(html) {
  const chosen = new Set(ticks().filter((box) => box.checked).map((box) => box.value));
  const focused = board.contains(document.activeElement) ? document.activeElement : null;
  const name = focused && (focused.dataset.case || focused.value || focused.getAttribute("href"));
  const frame = board.querySelector(".table-frame");
  const left = frame ? frame.scrollLeft : 0;
  board.innerHTML = html;
  for (const box of ticks()) box.checked = chosen.has(box.value) && !box.disabled;
  if (name) {
    const again = [...board.querySelectorAll("a, input")].find((one) => [one.dataset.case, one.value, one.getAttribute("href")].includes(name));
    if (again) again.focus({ preventScroll: true });
  }
  const moved = board.querySelector(".table-frame");
  if (moved) moved.scrollLeft = left;
  if (moved && frame && focused === frame) moved.focus({ preventScroll: true });
  count();
}

function say(words) {
  stale.hidden = !words;
  stale.textContent = words;
}

async function refresh() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const headers = { Accept: "text/html", "X-Requested-With": "fetch" };
    if (tag) headers["If-None-Match"] = tag;
    const response = await fetch(board.dataset.board, { credentials: "same-origin", cache: "no-store", headers });
    if (response.status === 401 || (response.redirected && new URL(response.url).pathname.startsWith("/login"))) {
      say(document.body.dataset.textSession);
    } else if (response.status === 304) {
      say("");
    } else if (response.ok) {
      tag = response.headers.get("ETag") || "";
      replace(await response.text());
      say("");
    } else {
      say(board.dataset.textGone);
    }
  } catch {
    say(board.dataset.textGone);
  }
  asking = false;
}

setInterval(refresh, every);
document.addEventListener("visibilitychange", refresh);

// Keys ----------------------------------------------------------------------------------------------------------------

function step(by) {
  const all = rows();
  const here = all.findIndex((one) => one.closest("tr").contains(document.activeElement));
  const next = all[Math.min(Math.max(here + by, 0), all.length - 1)];
  if (!next) return;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function tick() {
  const row = document.activeElement.closest("tr");
  const box = row && row.querySelector("input[name=case]");
  if (!box || box.disabled) return;
  box.checked = !box.checked;
  count();
}

const KEYS = {
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  j: () => step(1),
  k: () => step(-1),
  x: tick,
  a: () => bulk && chooseAll(ticks().some((box) => !box.checked)),
  d: () => bulk && !bulk.hidden && document.getElementById("bulk-lead").focus(),
};

board.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !event.target.closest(".table-frame")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

count();
