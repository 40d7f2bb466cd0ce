// Every page that needs nothing of its own.
import "../page.js";
