// The map of parking: another week, another part of the day, or another thing to look at, without a new page. The three
// layers of zones are one at a time: they colour the same ground.
import { Facts } from "./facts.js";
import { openSpots } from "./spots.js";
import { daysAfter, Weeks } from "./weeks.js";

const LAYERS = { pressure: "parking_pressure", violations: "evening_violations", stays: "long_stays" };
const SUBJECTS = { pressure: "parking_violation", violations: "parking_violation", stays: "long_stay" };

const find = (selector) => document.querySelector(selector);

class Parking {
  constructor(street) {
    this.street = street;
    this.weeks = new Weeks();
    this.facts = new Facts(find("[data-zone-facts]"), street.message, () => this.turn());
    this.part = find("[data-part]");
    this.week = this.weeks.slider.dataset.week || null;
    this.show = new URLSearchParams(window.location.search).get("show") || "pressure";
  }

  listen() {
    this.weeks.listen(
      (week) => {
        this.week = week;
        this.tellAtOnce();
      },
      () => this.turn(),
    );
    this.part.addEventListener("change", () => this.turn());
    find("[data-last-days]").addEventListener("click", () => {
      this.week = null;
      this.turn();
    });
    for (const way of document.querySelectorAll("[data-show]")) {
      way.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        this.choose(way.dataset.show);
        this.turn();
      });
    }
    this.oneOfThree();
    openSpots(this.street);
    this.tellAtOnce();
  }

  choose(show) {
    const { street } = this;
    this.show = show;
    for (const name of Object.values(LAYERS)) street.on.delete(name);
    street.on.add(LAYERS[show]);
    street.tiles.draw(street.rules(), { labels: true });
    street.legend.show(street.map.getZoom(), street.isOn);
  }

  /** What the legend switches on becomes what the page is about. */
  oneOfThree() {
    const toggle = this.street.toggle.bind(this.street);
    this.street.toggle = (name, on) => {
      const said = Object.keys(LAYERS).find((one) => LAYERS[one] === name);
      if (on && said) {
        this.choose(said);
        this.turn();
      }
      toggle(name, on);
    };
  }

  tellAtOnce() {
    this.weeks.show(this.week);
    find("[data-last-days]").hidden = !this.week;
    find("[data-part-field]").hidden = this.show !== "pressure";
    for (const way of document.querySelectorAll("[data-show]")) {
      if (way.dataset.show === this.show) way.setAttribute("aria-current", "true");
      else way.removeAttribute("aria-current");
    }
  }

  /** Tiles, numbers and address of the question as it is now. */
  async turn() {
    const { street } = this;
    this.tellAtOnce();
    const cuts = new URLSearchParams({ kind: SUBJECTS[this.show] });
    const part = this.show === "pressure" ? this.part.value : "";
    if (part) cuts.set("state", part);
    if (this.week) {
      cuts.set("from", this.week);
      cuts.set("to", daysAfter(this.week, 7));
    }
    for (const one of street.config.sources) one.url = `${one.url.replace(/(\?layers=[^&]*).*/, "$1")}&${cuts}`;
    street.tiles.readdress(street.sources());
    const said = new URLSearchParams();
    if (this.show !== "pressure") said.set("show", this.show);
    if (this.week) said.set("week", this.week);
    if (part) said.set("part", part);
    const words = String(said) ? `?${said}` : "";
    window.history.replaceState(window.history.state, "", `${window.location.pathname}${words}${window.location.hash}`);
    this.withWeek();
    await this.facts.show(`/parking/map/facts${words}`);
  }

  /** Cards tell of the same days. */
  withWeek() {
    const words = this.week ? `?week=${this.week}` : "";
    for (const name of Object.values(LAYERS)) this.street.config.cards[name] = `/parking/map/{id}/card${words}`;
  }
}

/** Start the page's own part when the map stands. */
export function parking(street) {
  new Parking(street).listen();
}
