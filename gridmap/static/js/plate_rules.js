// Which signs may follow on a number plate that is being typed, and when it is whole. Pure: the signs themselves come
// with the page, and gridmap/parking/plates.py, which has the last word, says the same.
const DIGITS = "1234567890";

/** The rules of a keypad; `told`: the signs and lengths that the page carries. */
export function plateRules(told) {
  const signs = DIGITS + told.letters;
  const isAll = (text, among) => [...text].every((sign) => among.includes(sign));
  const isEmbassy = (text) => text[0] === told.embassy;
  const endsOf = (head) => (head === told.acrossOffice ? told.endsAcross : told.ends);
  const endOf = (text) => (text.length > 2 && (told.ends + told.endsAcross).includes(text[text.length - 1]) ? text[text.length - 1] : "");

  /** What makes a plate of five signs a green one of six: its letter stands first, or comes last. */
  function green(serial) {
    if (isAll(serial, DIGITS)) return told.energy;
    return told.energy.includes(serial[0]) && isAll(serial.slice(2), DIGITS) ? DIGITS : "";
  }

  /** The signs that may come next, in one text; empty where nothing more fits. */
  function next(text) {
    if (!text) return told.provinces + told.embassy;
    if (isEmbassy(text)) return text.length <= told.embassyDigits ? DIGITS : "";
    if (text.length === 1) return told.letters;
    const serial = text.slice(2);
    if (serial.length < told.endedSigns) return signs;
    if (serial.length === told.endedSigns) return signs + endsOf(text.slice(0, 2));
    return serial.length === told.signs && !endOf(text) ? green(serial) : "";
  }

  /** Whether what was typed is a whole plate; of texts that were typed by `next`. */
  const isWhole = (text) => (isEmbassy(text) ? text.length > told.embassyDigits : text.length - 2 >= told.signs);

  /** What sort of plate it is as far as it goes: ordinary, energy, ended, embassy; empty for nothing. */
  function kind(text) {
    if (!text) return "";
    if (isEmbassy(text)) return "embassy";
    if (endOf(text)) return "ended";
    return text.length - 2 === told.energySigns ? "energy" : "ordinary";
  }

  /** What may be shown of a whole plate once it has been typed. */
  function mask(text) {
    if (isEmbassy(text)) return `***${text.slice(-2)}${told.embassy}`;
    const end = endOf(text);
    const serial = text.slice(2, text.length - end.length);
    return `${text.slice(0, 2)}***${serial.slice(-2)}${end}`;
  }

  return { next, isWhole, kind, mask };
}
