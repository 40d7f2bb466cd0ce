// A finding that was saved may become a case: one tap, and its place, kind, words and photo go along.
import { follow, keepReport } from "./outbox.js";
import { element, fill } from "./outbox_panel.js";

const TOLD = ["waiting", "sending", "accepted"];
const photos = new Map(); // by slot: the picture that went with the finding, as long as this page lives

/** Remember the picture of a finding, for the case that it may become. */
export function keepPhotoOf(slot, blob) {
  if (blob) photos.set(slot, blob);
  else photos.delete(slot);
}

/** The finding that stands for a check, null where none does: in the outbox, or as the server said. */
function findingOf(slot, { row }, all) {
  const [last] = all.filter((item) => item.slot === slot && item.kind !== "photo" && TOLD.includes(item.state)).slice(-1);
  if (last) {
    const isFinding = last.kind === "answer" && last.body.result === "finding";
    return isFinding && { of: last.inspection ? null : last.id, inspection: last.inspection || null, severity: last.body.severity, note: last.body.note };
  }
  const { finding, severity, note } = row.dataset;
  return finding ? { of: null, inspection: Number(finding), severity: Number(severity), note } : null;
}

function reportOf(row, { inspection, severity, note }) {
  const report = { kind: row.dataset.caseKind, place_id: Number(row.closest("[data-door-id]").dataset.doorId), source: "inspection" };
  if (inspection) report.inspection_id = inspection;
  if (severity) report.severity = severity;
  if (note) report.text = note;
  return report;
}

function said(item, number, words) {
  if (number) return fill(words.accepted, { number });
  if (!item || !words[item.state]) return "";
  return fill(words[item.state], { number: item.number || "" });
}

function paint(check, slot, finding, item, about, words) {
  const line = check.row.querySelector("[data-case-line]");
  if (!line) return;
  const written = finding || item ? said(item, check.row.dataset.case, words) : "";
  const key = finding || written ? `${written} ${finding ? finding.inspection || finding.of : ""}` : "";
  if ((line.dataset.shown || "") === key) return; // a button must not change under the thumb
  line.dataset.shown = key;
  line.textContent = "";
  line.hidden = !key;
  if (!key) return;
  if (written) {
    const words = element("span", "grow", written);
    words.setAttribute("role", "status");
    line.append(words);
    return;
  }
  const button = element("button", "button check-report", words.report);
  button.type = "button";
  button.addEventListener("click", () => {
    if (button.disabled) return; // a thumb that trembles taps twice
    button.disabled = true;
    const blob = photos.get(slot);
    keepReport(reportOf(check.row, finding), about(check.row), blob ? [{ blob }] : [], { of: finding.of, foundBy: slot }).catch(() => (button.disabled = false));
  });
  line.append(element("span", "grow", words.offer), button);
}

/** Offer it on each row whose answer is a finding, and say where it is once it was taken up. */
export function offerCases(rows, words, about) {
  if (!words) return;
  follow((all) => {
    for (const [slot, check] of rows) {
      const item = all.filter((one) => one.kind === "report" && one.foundBy === slot && TOLD.includes(one.state)).pop();
      paint(check, slot, findingOf(slot, check, all), item, about, words);
    }
  });
}
