// Reporting: where, what, send.
import "../page.js";
import "../report.js";
