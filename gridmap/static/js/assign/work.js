// The page on which a leader gives places: a person is picked, places are tapped, boxed or ticked; saved as one change.
import { Problem } from "../ask.js";
import { element } from "../map/dom.js";
import { toast } from "../page.js";
import { boxTool } from "./box.js";
import { changesList } from "./changes.js";
import { Giving } from "./giving.js";
import { marks, tints } from "./marks.js";
import { given, offerUndo } from "./page.js";
import { markOf, peopleList } from "./people.js";
import { placesList } from "./places.js";
import { proposal } from "./proposal.js";
import { saveDialog } from "./save.js";
import { get, post, sentence } from "./send.js";

const PAUSE = 350; // ms without a further move before the server is asked for the exact loads
const TYPING = 300;
const REACH = { touch: 22, mouse: 12 };

const find = (selector) => document.querySelector(selector);

class Work {
  constructor(street, config) {
    Object.assign(this, { street, config, t: config.t });
    this.giving = new Giving(config.role);
    this.exact = new Map();
    this.said = "";
  }

  start() {
    const { giving, street, t, config } = this;
    this.tints = tints(giving, "main");
    this.marks = marks(street.map, giving);
    this.people = peopleList(find("[data-give-people]"), giving, { t });
    this.places = placesList(find("[data-give-places]"), giving, { t });
    this.proposal = proposal(find("[data-give-proposal]"), giving, { t, street: config.street, area: config.area });
    this.changes = changesList(find("[data-give-changes]"), { t, ...config, onUndone: (body) => this.written(body) });
    this.save = saveDialog(find("#give-save"), {
      t,
      onSaved: (body) => this.saved(body),
      onStale: () => this.load(),
      nameOf: (id, name) => giving.nameOf(id, name),
    });
    const giveBox = (min, max) => this.give(this.marks.inside(min, max));
    this.box = boxTool(street.map, { isWanted: () => giving.active !== undefined, onBox: giveBox });
    street.also = (rules) => this.tints.also(rules);
    street.takes = (latlng) => this.takes(latlng);
    giving.onChange(() => this.changed());
    street.foldLegend(true);
    this.listen();
    this.line = element("div", { name: "map-line give-line", set: { hidden: "" } });
    find(".map-top").append(this.line);
    return this.load();
  }

  listen() {
    for (const button of document.querySelectorAll("[data-give-do]")) {
      button.addEventListener("click", () => this.act(button.dataset.giveDo, button));
    }
    let timer = 0;
    find("[data-give-search]").addEventListener("input", (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => this.search(event.target.value.trim()), TYPING);
    });
    find("[data-give-last]").addEventListener("toggle", (event) => event.target.open && this.changes.load());
    window.addEventListener("beforeunload", (event) => {
      if (this.giving.moves.size) event.preventDefault();
    });
  }

  act(what, button) {
    const { giving } = this;
    const doing = {
      box: () => this.switchBox(),
      all: () => this.give([...giving.places.keys()]),
      vacant: () => this.give([...giving.places.keys()].filter((id) => giving.whoHas(id) === null)),
      forget: () => giving.forget(),
      save: () => this.save.open(giving.asSent(), giving.why.size ? "proposal" : "change"),
      propose: () => this.proposal.ask(button, find("[data-give-only]").checked),
    };
    doing[what]();
  }

  switchBox(on = find("[data-give-do=box]").getAttribute("aria-pressed") !== "true") {
    find("[data-give-do=box]").setAttribute("aria-pressed", String(on));
    this.box.set(on);
  }

  /** Give places to whom is picked, and say so. */
  give(ids) {
    if (this.giving.active === undefined) {
      toast(this.t("Pick a person first, then the places."));
      return;
    }
    this.giving.give(ids, this.giving.active);
  }

  takes(latlng) {
    if (this.giving.active === undefined) return false;
    const reach = window.matchMedia("(hover: hover)").matches ? REACH.mouse : REACH.touch;
    const place = this.marks.near(latlng, reach);
    const house = place === null ? this.houseAt(latlng) : [];
    if (place === null && !house.length) return true;
    this.giving.toggle(place === null ? house : [place]);
    return true;
  }

  houseAt(latlng) {
    const under = this.street.tiles
      .pick(latlng, 4)
      .filter((hit) => hit.layer === "buildings")
      .map((hit) => hit.id);
    return [...this.giving.places.values()]
      .filter((one) => under.includes(one.building || one.id))
      .map((one) => one.id);
  }

  async load() {
    const { role, area, street } = this.config;
    try {
      const [places, people] = await Promise.all([
        get(`/api/assignments/places?role=${role}&${area.kind}=${area.id}`),
        get(
          `/api/assignments/people?street=${street}&role=${role}${this.config.community ? `&community=${this.config.community}` : ""}`,
        ),
      ]);
      this.giving.capacity = people.role.capacity;
      this.giving.setPlaces(places.places);
      this.giving.setPeople(people.people);
      find("[data-give-more]").hidden = !places.more;
      this.loaded = (this.loaded || 0) + 1;
      this.people.show();
      this.places.show();
      this.giving.changed();
      document.documentElement.dataset.give = "ready";
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      find("[data-give-people]").replaceChildren(
        element("p", { name: "note note-danger", text: sentence(this.t, error) }),
      );
    }
  }

  async search(text) {
    if (!text) return;
    const { role, street } = this.config;
    try {
      const found = await get(`/api/assignments/people?street=${street}&role=${role}&q=${encodeURIComponent(text)}`);
      this.giving.setPeople(found.people);
      this.people.show(found.people.map((one) => one.id));
      const [first] = found.people;
      find("[data-give-found]").textContent = first
        ? found.people.map((one) => one.name).join(this.t(", "))
        : this.t("Nobody found");
      const row = first && document.querySelector(`input[name="give-who"][value="${first.id}"]`);
      if (row) row.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(sentence(this.t, error), "danger");
    }
  }

  changed() {
    if (!this.isDrawing) {
      this.isDrawing = true;
      requestAnimationFrame(() => this.draw());
    }
    this.people.update(this.exact);
    this.places.update();
    this.tell();
    clearTimeout(this.timer);
    if (this.giving.moves.size) this.timer = setTimeout(() => this.askExact(), PAUSE);
  }

  /** The map follows once for all that changed since the last frame; who is picked is not drawn on it. */
  draw() {
    this.isDrawing = false;
    const drawn = JSON.stringify([[...this.giving.moves], this.loaded]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.tints.count();
    this.marks.draw();
    this.street.tiles.draw(this.street.rules());
  }

  tell() {
    const { giving, t } = this;
    const count = giving.moves.size;
    find("[data-give-count]").textContent = count ? t("{count} changes", { count }) : t("No change yet");
    for (const button of document.querySelectorAll("[data-give-do=save], [data-give-do=forget]"))
      button.disabled = !count;
    const vacant = giving.vacant();
    const all = giving.places.size;
    const sum = vacant
      ? t("{count} places have nobody", { count: vacant })
      : t("{count} places, all of them held", { count: all });
    find("[data-give-sum]").textContent = `${t("{count} places", { count: all })} · ${sum}`;
    const { active } = giving;
    const isBoxable = active !== undefined;
    for (const what of ["box", "all", "vacant"]) find(`[data-give-do=${what}]`).disabled = !isBoxable;
    if (!isBoxable) this.switchBox(false);
    find("[data-give-hint]").hidden = isBoxable;
    this.line.hidden = !isBoxable;
    if (isBoxable) this.showLine(giving.people.get(active));
  }

  showLine(person) {
    const { t, giving } = this;
    const load = person && giving.loadOf(person.id);
    const text = person
      ? t("{name}: {places} places, {households} households", { name: person.name, ...load })
      : t("Taking away");
    const done = element("button", { name: "button", text: t("Finish"), set: { type: "button" } });
    done.addEventListener("click", () => giving.pick(undefined));
    this.line.replaceChildren(markOf(person), element("span", { text, name: "grow" }), done);
  }

  async askExact() {
    const moves = this.giving.asSent();
    try {
      const { body } = await post("/api/assignments/preview", { moves });
      this.exact = new Map(body.people.map((one) => [one.id, one.after]));
      this.people.update(this.exact);
    } catch (error) {
      // what was counted here stands; whoever saves hears of the problem
      if (!(error instanceof Problem)) throw error;
    }
  }

  async saved(body) {
    const places = body.places.length;
    this.giving.forget();
    this.giving.why.clear();
    this.exact = new Map();
    find("[data-give-proposal]").replaceChildren();
    offerUndo(this.t, body.change, places, (done) => this.written(done));
    await this.written(body);
  }

  /** After a write: everything anew, with the server's answer to our own change in it. */
  async written(body) {
    await this.load();
    this.street.refresh(body.seen);
  }
}

/** Begin, on the map that Folium's script made. */
export function work(street) {
  const config = given();
  if (!config.area) return Promise.resolve();
  return new Work(street, config).start();
}
