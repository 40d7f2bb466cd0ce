// On every page: the outbox of whoever is signed in, how much of it waits, and that signing out leaves nothing behind.
import { beginOutbox, erase, follow, isUnsent, items, send } from "./outbox.js";

const light = document.querySelector("[data-outbox]");

function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

function show(all, trouble) {
  const unsent = all.filter(isUnsent).length;
  const refused = all.filter((item) => item.state === "refused" || item.state === "conflict").length;
  light.hidden = !unsent && !refused;
  light.classList.toggle("is-refused", !unsent && refused > 0);
  light.querySelector("[data-outbox-count]").textContent = String(unsent || refused);
  const words = unsent ? (trouble === "session" ? "session" : "waiting") : "refused";
  light.setAttribute("aria-label", fill(light.dataset[words], { count: unsent || refused }));
}

async function leave(event) {
  const form = event.target;
  if (form.getAttribute("action") !== "/logout" || form.dataset.isLeaving) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  let unsent = 0;
  try {
    await Promise.race([send(), new Promise((resolve) => setTimeout(resolve, 1500))]);
    unsent = (await items()).filter(isUnsent).length;
  } catch {
    // no outbox, nothing to lose
  }
  const question = document.getElementById("leave-question");
  if (unsent && question) {
    question.querySelector("[data-leave-words]").textContent = fill(light.dataset.leave, { count: unsent });
    question.showModal();
    const isLeaving = await new Promise((resolve) => {
      question.addEventListener("close", () => resolve(question.returnValue === "leave"), { once: true });
    });
    if (!isLeaving) return;
  }
  await erase().catch(() => {});
  form.dataset.isLeaving = "yes";
  form.submit();
}

async function keepPages() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/sw.js");
    const ready = await navigator.serviceWorker.ready;
    const assets = performance.getEntriesByType("resource").map((one) => one.name);
    const pages = [...document.querySelectorAll("[data-keep]")].map((one) => one.getAttribute("href").split("#")[0]);
    const here = window.location.pathname;
    const isList = here === "/my" || here.startsWith("/parking/"); // what else one needs is named there
    // a page that did not come through the worker has not been kept on its way; the worker may have claimed it since
    const [navigation] = performance.getEntriesByType("navigation");
    const own = navigation && navigation.workerStart > 0 ? [] : [here];
    ready.active.postMessage({ keep: isList ? [...new Set([here, ...(here === "/my" ? ["/my/inbox"] : []), ...pages])] : own, assets, account: Number(light.dataset.outbox) });
  } catch {
    // without a secure address there is none; the outbox works all the same
  }
}

if (light) {
  document.addEventListener("submit", leave, true);
  follow(show);
  beginOutbox(Number(light.dataset.outbox));
  if (document.querySelector("[data-due], [data-visits], [data-report], [data-own-reports], [data-round], [data-keep], .my")) window.addEventListener("load", () => setTimeout(keepPages, 500));
}
