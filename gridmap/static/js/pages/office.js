// Lists of the office with rows to choose.
import "../page.js";
import "../ticks.js";
