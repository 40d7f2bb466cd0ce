// What was given, moved and taken.
import "../page.js";
import { changesList } from "../assign/changes.js";
import { given } from "../assign/page.js";

const config = given();
if (config.street) changesList(document.querySelector("[data-give-changes]"), { ...config, onUndone: () => {} }).load();
