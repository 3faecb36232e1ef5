// What scripts say: textOf("1 found.") in the language of the page. /static/texts/de.js,
// made of locale/de.po, has come before; without it the text is the English one.
globalThis.textOf = (english, values = {}) =>
    (globalThis.texts?.[english] ?? english).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
