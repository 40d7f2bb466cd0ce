// What is due, building by building.
import "../page.js";
import "../checks.js";
