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
    for (const key of document.querySelectorAll(".seek-key")) {
        key.textContent = onMac ? "⌘ K" : "Ctrl K";
        key.hidden = false;
    }
})();
