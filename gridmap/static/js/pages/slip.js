// Slips to print and cut.
import "../page.js";
import "../print.js";
