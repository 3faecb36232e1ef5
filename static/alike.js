// Whoever adds a record is told while typing that it may be there already.
(() => {
    "use strict";
    const PAUSE_MS = 400;
    const make = (name, text, attributes = {}) => Object.assign(document.createElement(name), { textContent: text }, attributes);
    let typing, asked = 0;

    function show(place, found) {
        const links = found.flatMap((it, i) => [i ? ", " : " ", make("a", it.name ?? it.id, { href: `${place.dataset.page}/${it.id}`, target: "_blank", rel: "noopener" })]);
        const told = make("p", textOf("This may be there already:"));
        told.append(...links);
        place.replaceChildren(...(found.length ? [told] : []));
        place.classList.toggle("notice-warning", found.length > 0);
        place.classList.toggle("notice", found.length > 0);
    }

    async function ask(form, place) {
        const query = new URLSearchParams(), own = ++asked;
        for (const name of place.dataset.names.split(",")) {
            const value = form.elements[name]?.value?.trim();
            if (value) query.set(name, value);
        }
        if (!query.size) return show(place, []);
        try {
            const answer = await fetch(`${place.dataset.alike}?${query}`, { headers: { Accept: "application/json" } });
            if (answer.ok && own === asked) show(place, (await answer.json()).data.records);
        } catch {
            // It is only a hint: saving says what is wrong.
        }
    }

    document.addEventListener("input", ({ target }) => {
        const form = target.form, place = form?.querySelector("[data-alike]");
        if (!place?.dataset.names.split(",").includes(target.name)) return;
        clearTimeout(typing);
        typing = setTimeout(ask, PAUSE_MS, form, place);
    });
})();
