// One case with its forms.
import "../page.js";
import "../incident.js";
