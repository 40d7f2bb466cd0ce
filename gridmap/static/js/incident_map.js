// The map of cases: another week, or another kind, without a new page; one coloured background at a time.
import { Facts } from "./facts.js";
import { daysAfter, Weeks } from "./weeks.js";

const BACKGROUNDS = ["incident_density", "complaints_grids", "in_grid_resolution", "complaints_estates"];

const find = (selector) => document.querySelector(selector);

class Cases {
  constructor(street) {
    this.street = street;
    this.weeks = new Weeks();
    this.facts = new Facts(find("[data-case-facts]"), street.message, () => this.turn());
    this.kind = find("[data-case-kind]");
    this.week = this.weeks.slider.dataset.week || null;
    const said = new URLSearchParams(window.location.search).get("state");
    this.state = said || (this.week ? "all" : "open");
  }

  listen() {
    this.weeks.listen(
      (week) => {
        this.week = week;
        this.state = "all";
        this.show();
      },
      () => this.turn(),
    );
    this.kind.addEventListener("change", () => this.turn());
    for (const way of document.querySelectorAll("[data-which]")) {
      way.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const byWeek = way.dataset.which === "week";
        this.week = byWeek ? this.week || this.weeks.at : null;
        this.state = byWeek ? "all" : "open";
        this.show();
        this.turn();
      });
    }
    find("#overview").addEventListener("click", (event) => this.openCase(event));
    this.oneBackground();
    this.show();
  }

  openCase(event) {
    const line = event.target.closest("[data-case]");
    if (!line || event.ctrlKey || event.metaKey) return;
    const { id, lon, lat } = JSON.parse(line.dataset.case);
    if (lon === null) return;
    event.preventDefault();
    this.street.map.setView([lat, lon], Math.max(this.street.map.getZoom(), 18));
    this.street.open({ id, layer: "incidents" }, { focus: true });
  }

  oneBackground() {
    const toggle = this.street.toggle.bind(this.street);
    this.street.toggle = (name, on) => {
      const others = BACKGROUNDS.filter((one) => one !== name && this.street.on.has(one));
      if (on && BACKGROUNDS.includes(name)) for (const one of others) this.street.on.delete(one);
      toggle(name, on);
    };
  }

  /** What the panel says at once. */
  show() {
    this.weeks.show(this.week);
    for (const way of document.querySelectorAll("[data-which]")) {
      if ((way.dataset.which === "week") === Boolean(this.week)) way.setAttribute("aria-current", "true");
      else way.removeAttribute("aria-current");
    }
  }

  /** Tiles, numbers and address of the question as it is now. */
  async turn() {
    const { street } = this;
    const kind = this.kind.value;
    const cuts = new URLSearchParams();
    if (this.state !== "all") cuts.set("state", this.state);
    if (kind) cuts.set("kind", kind);
    if (this.week) {
      cuts.set("from", this.week);
      cuts.set("to", daysAfter(this.week, 7));
    }
    for (const one of street.config.sources) {
      one.url = `${one.url.replace(/(\?layers=[^&]*).*/, "$1")}${cuts.size || String(cuts) ? `&${cuts}` : ""}`;
    }
    street.tiles.readdress(street.sources());
    const said = new URLSearchParams();
    if (this.week) said.set("week", this.week);
    else if (this.state !== "open") said.set("state", this.state);
    if (kind) said.set("kind", kind);
    const words = String(said) ? `?${said}` : "";
    window.history.replaceState(window.history.state, "", `${window.location.pathname}${words}${window.location.hash}`);
    await this.facts.show(`/incidents/map/facts${words}`);
  }
}

/** Start the page's own part when the map stands. */
export function cases(street) {
  new Cases(street).listen();
}
