// The data pages.
import "../page.js";
import "../data.js";
