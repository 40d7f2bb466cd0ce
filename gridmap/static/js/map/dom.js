// Small, safe DOM: every text goes in as text.

/** An element with class, text and children; `on` are listeners, `set` are attributes. */
export function element(tag, { name, text, set = {}, on = {} } = {}, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(set)) made.setAttribute(key, value);
  for (const [key, listener] of Object.entries(on)) made.addEventListener(key, listener);
  made.append(...children);
  return made;
}

/** A copy of an icon that the page already holds in <template id="icon-NAME">. */
export function icon(name) {
  const held = document.getElementById(`icon-${name}`);
  return held ? held.content.firstElementChild.cloneNode(true) : document.createTextNode("");
}
