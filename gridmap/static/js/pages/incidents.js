// The lists of cases: they refresh themselves, and keys work in them.
import "../page.js";
import "../list.js";
import "../incidents.js";
