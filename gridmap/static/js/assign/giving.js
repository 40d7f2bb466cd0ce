// What is being given to whom, before it is saved: places, people, and the moves between. Knows no page and no map.
import { PEOPLE } from "../map/palette.js";

/** The places of an area in one role. A move is a place and the person who is to have it; null takes it away. */
export class Giving {
  constructor(role) {
    this.role = role;
    this.capacity = null; // the most places that one person takes, null where there is no such number
    this.places = new Map();
    this.people = new Map();
    this.moves = new Map();
    this.why = new Map(); // place → the sentence of a proposal
    this.active = undefined; // a person's id, null for nobody, undefined while none is picked
    this.listeners = new Set();
  }

  /** Hear of every change. */
  onChange(listener) {
    this.listeners.add(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  /** Take the places as the server has them; moves to places that are gone or already so are dropped. */
  setPlaces(places) {
    this.places = new Map(places.map((one) => [one.id, one]));
    for (const [id, person] of [...this.moves]) {
      if (!this.places.has(id) || this.holderOf(id) === person) this.moves.delete(id);
    }
  }

  /** Take people as the server has them; each keeps its colour and its sign, which no other has. */
  setPeople(people) {
    for (const one of people) {
      const known = this.people.get(one.id);
      const number = known ? known.number : this.people.size + 1;
      const sign = known ? known.sign : this.signOf(one.name, number);
      this.people.set(one.id, { ...one, number, sign, colour: PEOPLE[(number - 1) % PEOPLE.length] });
    }
  }

  /** A character of the name, the last one first: surnames tell few people apart; else the number. */
  signOf(name, number) {
    const taken = new Set([...this.people.values()].map((one) => one.sign));
    const found = [...name].reverse().find((character) => !taken.has(character));
    return found || String(number);
  }

  /** What people call the place: a stairwell with its house. */
  nameOf(id, otherwise = "") {
    const place = this.places.get(id);
    if (!place) return otherwise;
    return place.building_name && place.building !== place.id ? `${place.building_name} ${place.name}` : place.name;
  }

  holderOf(id) {
    const { holder } = this.places.get(id);
    return holder ? holder.person : null;
  }

  /** Who has the place once the moves are saved; null for nobody. */
  whoHas(id) {
    return this.moves.has(id) ? this.moves.get(id) : this.holderOf(id);
  }

  /** The name of who has it now, also of somebody whom this page does not list. */
  nameOfHolder(id) {
    const { holder } = this.places.get(id);
    return holder ? holder.name : null;
  }

  /** Give these places; what comes back to its holder is no move. Returns how many places moved. */
  give(ids, person) {
    let count = 0;
    for (const id of ids) {
      if (!this.places.has(id) || this.whoHas(id) === person) continue;
      this.why.delete(id);
      if (this.holderOf(id) === person) this.moves.delete(id);
      else this.moves.set(id, person);
      count += 1;
    }
    if (count) this.changed();
    return count;
  }

  /** Give the places to the active person; if it has all of them already, leave each as it was. */
  toggle(ids) {
    if (this.active === undefined) return 0;
    const all = ids.every((id) => this.whoHas(id) === this.active);
    if (!all) return this.give(ids, this.active);
    for (const id of ids) this.moves.delete(id);
    this.changed();
    return 0;
  }

  /** Forget all moves, or those of some places. */
  forget(ids = [...this.moves.keys()]) {
    for (const id of ids) {
      this.moves.delete(id);
      this.why.delete(id);
    }
    this.changed();
  }

  pick(person) {
    this.active = person;
    this.changed();
  }

  /** The moves as the server takes them. */
  asSent() {
    return [...this.moves].map(([place, person]) => {
      const { holder } = this.places.get(place);
      return { place, role: this.role, person, revision: holder ? holder.revision : null };
    });
  }

  /** Places and households of a person once the moves are saved, of those on the register. */
  loadOf(person) {
    const load = { places: 0, households: 0, ...(this.people.get(person) || {}).load };
    for (const [id, to] of this.moves) {
      const from = this.holderOf(id);
      const homes = this.places.get(id).households || 0;
      if (from === person) {
        load.places -= 1;
        load.households -= homes;
      }
      if (to === person) {
        load.places += 1;
        load.households += homes;
      }
    }
    return load;
  }

  /** How many places of this area have nobody. */
  vacant() {
    return [...this.places.keys()].filter((id) => this.whoHas(id) === null).length;
  }
}
