// The map of my places, fetched when somebody wants to see it.
export { streetMap } from "../map/main.js";
