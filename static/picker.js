// A record is chosen from a list that follows what is typed (a combobox with a listbox, ARIA APG).
// Without scripts the same place is a search whose results come back with the form.
(() => {
    "use strict";
    const SHOWN = 8;
    const make = (name, attributes) => {
        const element = document.createElement(name);
        for (const [key, value] of Object.entries(attributes))
            if (value !== undefined) element.setAttribute(key, value);
        return element;
    };

    async function find(place, words) {
        const { picker: api, member } = place.dataset;
        const query = new URLSearchParams({ limit: SHOWN, fields: member, ...(words ? { q: words } : {}) });
        const answer = await fetch(`${api}?${query}`, { headers: { Accept: "application/json" } });
        return answer.ok ? (await answer.json()).data.map((it) => ({ id: it.id, title: String(it[member] ?? textOf("(no name)")) })) : null;
    }

    function enhance(place) {
        place.dataset.ready = "yes";
        const id = place.querySelector("legend").id, input = place.querySelector("input[type=text]");
        const value = make("input", { type: "hidden", name: place.dataset.name, value: place.dataset.chosen ?? "" });
        const list = make("ul", { id: `${id}-list`, role: "listbox", class: "picker-list", hidden: "", "aria-label": input.labels[0].textContent });
        const told = make("p", { class: "visually-hidden", role: "status" });
        let title = place.dataset.title ?? "", typing, asked = 0, at = -1;

        place.querySelector(".field-checks").remove();
        place.querySelector("[data-plain]").remove();
        input.removeAttribute("name");
        input.value ||= title;
        for (const [key, text] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" }))
            input.setAttribute(key, text);
        input.parentElement.append(value, list, told);

        const options = () => [...list.children];
        function close() {
            list.hidden = true;
            at = -1;
            input.setAttribute("aria-expanded", "false");
            input.removeAttribute("aria-activedescendant");
        }
        function mark(index) {
            const all = options();
            at = all.length ? (index + all.length) % all.length : -1;
            all.forEach((it, i) => it.setAttribute("aria-selected", String(i === at)));
            if (at >= 0) {
                input.setAttribute("aria-activedescendant", all[at].id);
                all[at].scrollIntoView({ block: "nearest" });
            }
        }
        function choose(option) {
            value.value = option.dataset.id;
            title = input.value = option.dataset.id ? option.textContent : "";
            close();
        }
        function show(found) {
            const rows = found.map((it, i) => {
                const option = make("li", { id: `${id}-option-${i}`, role: "option", "aria-selected": "false", "data-id": it.id });
                option.textContent = it.title;
                return option;
            });
            list.replaceChildren(...rows);
            list.hidden = rows.length === 0;
            input.setAttribute("aria-expanded", String(rows.length > 0));
            at = -1;
            told.textContent = rows.length === 0 ? textOf("Nothing found.") : rows.length === 1 ? textOf("1 found.") : textOf("{count} found.", { count: rows.length });
        }
        async function ask() {
            const number = ++asked, found = await find(place, input.value.trim());
            if (found && number === asked && document.activeElement === input) show(found);
        }
        input.addEventListener("input", () => {
            clearTimeout(typing);
            typing = setTimeout(ask, 150);
        });
        input.addEventListener("focus", () => input.select());
        input.addEventListener("keydown", (event) => {
            const open = !list.hidden;
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
                event.preventDefault();
                if (!open) ask();
                else mark(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1));
            } else if (event.key === "Enter" && open) {
                event.preventDefault();
                if (at >= 0) choose(options()[at]);
            } else if (event.key === "Escape" && open) {
                event.preventDefault();
                close();
            }
        });
        list.addEventListener("mousedown", (event) => {
            event.preventDefault(); // the input keeps the focus
            const option = event.target.closest("[role=option]");
            if (option) choose(option);
        });
        // What was typed and not chosen is none; an empty one is nobody.
        input.addEventListener("blur", () => {
            clearTimeout(typing);
            if (input.value.trim() === "" && place.dataset.needed === undefined) {
                value.value = "";
                title = "";
            }
            input.value = title;
            close();
        });
    }

    const start = () => document.querySelectorAll("[data-picker]:not([data-ready])").forEach(enhance);
    document.addEventListener("htmx:after:swap", start);
    start();
})();
