// What is one's own tonight.
import "../page.js";
import "../parking_evening.js";
