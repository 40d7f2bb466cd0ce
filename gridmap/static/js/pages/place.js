// The page of a place, with the way to call who looks after it.
import "../page.js";
import "../call.js";
