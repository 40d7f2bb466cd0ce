// The sheet of a month, typed in by the office.
import "../page.js";
import "../checks.js";
import "../sheet.js";
