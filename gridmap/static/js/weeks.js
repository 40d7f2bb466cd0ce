// The slider of weeks beside a map: bars, the words of the week that is chosen, and a pause before it means what it says.
const CALM = 180; // milliseconds
const DAY = 86_400_000;
const IN_A_WEEK = 7;

/** The day so many days after a Monday, both as 2026-03-09. */
export function daysAfter(week, days) {
  return new Date(Date.parse(`${week}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

export class Weeks {
  constructor() {
    this.frame = document.querySelector("[data-weeks]");
    this.all = this.frame.dataset.weeks.split(" ");
    this.slider = this.frame.querySelector("input");
    this.goal = this.frame.querySelector("output");
  }

  /** The Monday that the slider stands at. */
  get at() {
    return this.all[this.slider.value];
  }

  /** Call `moved` with each Monday that the slider passes, and `settled` once it rests. */
  listen(moved, settled) {
    let waiting = 0;
    this.slider.addEventListener("input", () => {
      moved(this.at);
      clearTimeout(waiting);
      waiting = setTimeout(settled, CALM);
    });
  }

  /** Show the week of that Monday as chosen; null: none. */
  show(week) {
    const at = week ? this.all.indexOf(week) : -1;
    this.frame.classList.toggle("is-idle", at < 0);
    this.frame.querySelectorAll("rect").forEach((bar, number) => bar.classList.toggle("is-chosen", number === at));
    this.goal.textContent = week ? `${week.slice(5)} – ${daysAfter(week, IN_A_WEEK - 1).slice(5)}` : this.goal.dataset.idle;
    this.slider.setAttribute("aria-valuetext", this.goal.textContent);
  }
}
