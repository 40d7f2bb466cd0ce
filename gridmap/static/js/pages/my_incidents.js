// What one has reported, with what is still on this phone.
import "../page.js";
import "../report_own.js";
