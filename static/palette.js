// The command palette: the search page's results in a dialog, opened by Ctrl-K or
// the button in the head. Without scripts that button leads to the search page.
(() => {
    "use strict";
    const onMac = /Mac|iPhone|iPad/.test(navigator.platform);
    let dialog, input, results, typing, asked, answers = new Map();

    function make() {
        dialog = document.createElement("dialog");
        dialog.className = "palette";
        dialog.setAttribute("aria-label", textOf("Search"));
        const form = Object.assign(document.createElement("form"), { method: "get", action: "/search", className: "palette-form" });
        form.setAttribute("role", "search");
        input = Object.assign(document.createElement("input"), { type: "text", name: "q", className: "palette-input", inputMode: "search", enterKeyHint: "go", placeholder: textOf("Pages, people, records"), autocomplete: "off", maxLength: 200 });
        input.setAttribute("aria-label", textOf("Search everything"));
        const close = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small btn-quiet", textContent: textOf("Close") });
        close.addEventListener("click", () => dialog.close());
        results = Object.assign(document.createElement("div"), { className: "palette-results" });
        form.append(input, close);
        dialog.append(form, results);
        document.body.append(dialog);
        input.addEventListener("input", () => {
            clearTimeout(typing);
            typing = setTimeout(ask, 120);
        });
        form.addEventListener("submit", (event) => {
            const first = links()[0];
            if (!first || input.value !== asked)
                return; // the page of results
            event.preventDefault();
            first.click();
        });
        dialog.addEventListener("keydown", move);
        dialog.addEventListener("click", (event) => {
            if (event.target === dialog || event.target.closest(".found-link"))
                dialog.close();
        });
    }

    const links = () => [...results.querySelectorAll(".found-link")];

    // ---- what needs no server: records opened lately, and what can be done here ----
    function addGroup(found, title, items, first) {
        if (items.length === 0)
            return;
        const head = Object.assign(document.createElement("h2"), { className: "found-title", textContent: title });
        const list = Object.assign(document.createElement("ul"), { className: "found-list" });
        for (const item of items) {
            const place = document.createElement("li"), name = Object.assign(document.createElement("span"), { className: "found-name", textContent: item.title });
            const link = Object.assign(document.createElement(item.path ? "a" : "button"), { className: "found-link" });
            if (item.path) link.href = item.path;
            else {
                link.type = "button";
                link.addEventListener("click", () => {
                    dialog.close();
                    item.does.click();
                });
            }
            if (item.icon) link.append(item.icon.cloneNode(true));
            link.append(name);
            if (item.kind) link.append(Object.assign(document.createElement("span"), { className: "found-detail", textContent: item.kind }));
            place.append(link);
            list.append(place);
        }
        if (first) found.querySelector(".found-count").after(head, list);
        else found.append(head, list);
    }

    const actions = () => [...document.querySelectorAll("#main .heading-actions :is(a, button), .user-menu button.menu-link, [data-theme-form] [name=theme]")]
        .filter((it) => !it.hidden && !it.closest(".way"))
        .map((it) => ({ title: (it.getAttribute("aria-label") || it.title || it.textContent).trim(), does: it, icon: it.querySelector(".icon") }));

    function addOwn(found, query) {
        const names = (item) => item.title.toLowerCase().includes(query.trim().toLowerCase());
        const records = (globalThis.recentRecords?.() ?? []).filter(names);
        addGroup(found, textOf("Actions here"), actions().filter(names), false);
        addGroup(found, textOf("Opened lately"), records, true);
        if (query && found.querySelector(".found-link")) found.querySelector(".found-count").classList.add("visually-hidden");
    }

    // Up and down go from the input through the results and round again.
    function move(event) {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step)
            return;
        const stops = [input, ...links()];
        const at = Math.max(0, stops.indexOf(document.activeElement));
        event.preventDefault();
        stops[(at + step + stops.length) % stops.length].focus();
    }

    async function fetchFound(query) {
        const answer = await fetch(`/search?${new URLSearchParams({ q: query })}`, { headers: { Accept: "text/html", "X-Part": "found" }, redirect: "error" });
        if (!answer.ok)
            throw new Error(answer.statusText);
        return answer.text();
    }

    // An answer that comes late is of a question that is no longer asked.
    async function ask() {
        const query = input.value;
        try {
            if (!answers.has(query))
                answers.set(query, await fetchFound(query));
        } catch {
            return void (query === input.value && location.assign(`/search?${new URLSearchParams({ q: query })}`));
        }
        if (query !== input.value)
            return;
        asked = query;
        const found = new DOMParser().parseFromString(answers.get(query), "text/html").querySelector(".found");
        for (const within of found.querySelectorAll("[id], [aria-labelledby]"))
            for (const name of ["id", "aria-labelledby"])
                if (within.hasAttribute(name))
                    within.setAttribute(name, `palette-${within.getAttribute(name)}`);
        addOwn(found, query);
        results.replaceChildren(found);
        globalThis.htmx?.process(found);
    }

    function show() {
        if (!dialog?.isConnected)
            make();
        if (dialog.open)
            return void input.select();
        for (const open of document.querySelectorAll("[popover]:popover-open"))
            open.hidePopover();
        answers.clear();
        dialog.showModal();
        input.select();
        ask();
    }

    document.addEventListener("click", (event) => {
        const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
        if (plain && event.target.closest("[data-palette]")) {
            event.preventDefault();
            event.stopPropagation();
            show();
        }
    }, true);
    document.addEventListener("keydown", (event) => {
        const wanted = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
        if (wanted && document.querySelector("[data-palette]")) {
            event.preventDefault();
            show();
        }
    });
    function showKey() {
        for (const key of document.querySelectorAll(".seek-key")) {
            key.textContent = onMac ? "⌘ K" : "Ctrl K";
            key.hidden = false;
        }
    }
    document.addEventListener("htmx:after:swap", showKey); // going back brings the page as it came
    showKey();
})();
