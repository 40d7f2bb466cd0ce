// The photos of a report: taken or chosen, made small on the phone, shown, and taken out again.
import { cameraOf, hintOf } from "./camera_hint.js";
import { element } from "./outbox_panel.js";
import { shrink } from "./shrink.js";

/**
 * The photos of `page`, at most `most`: `taken(at)` waits for those on their way and gives each with what may be told of
 * its camera, of which `at` is the report's own position; `clear()` forgets all.
 */
export function pictures(page, most, words) {
  const list = page.querySelector("[data-pictures]");
  const problem = page.querySelector("[data-photo-problem]");
  let all = [];
  let coming = Promise.resolve();

  function show() {
    list.textContent = "";
    all.forEach((one, number) => {
      const line = element("li", "report-picture");
      const picture = element("img", "");
      picture.src = one.address;
      picture.alt = `${words.photo} ${number + 1}`;
      const out = element("button", "report-out", "×");
      out.type = "button";
      out.setAttribute("aria-label", `${words.without} ${number + 1}`);
      out.addEventListener("click", () => {
        all = all.filter((other) => other !== one);
        problem.textContent = "";
        show();
      });
      line.append(picture, out);
      list.append(line);
    });
  }

  async function take(files) {
    for (const file of files) {
      if (all.length >= most) {
        problem.textContent = words.enough;
        return;
      }
      try {
        all.push({ ...(await shrink(file)), camera: await cameraOf(file) });
        show();
      } catch {
        problem.textContent = words.unreadable;
      }
    }
  }

  page.addEventListener("change", (event) => {
    if (event.target.type !== "file") return;
    const files = [...event.target.files];
    event.target.value = "";
    problem.textContent = "";
    coming = coming.then(() => take(files));
  });

  return {
    taken: (at) => coming.then(() => all.map(({ blob, camera }) => ({ blob, hint: hintOf(camera, at) }))),
    clear() {
      all = [];
      problem.textContent = "";
      show();
    },
  };
}
