// Keys for what is done often, and "?" that shows them. Single letters can be switched off
// (WCAG 2.2, 2.1.4): speech and assistive input would else press them by accident.
(() => {
    "use strict";
    const kept = "tulou.keys";
    const main = () => document.getElementById("main");
    const press = (selector) => () => {
        const found = main()?.querySelector(selector);
        found?.click();
        return Boolean(found);
    };
    const rows = () => [...document.querySelectorAll("#list-form tbody .rows-first a")];

    function search() {
        const input = document.getElementById("list-q");
        if (input) input.focus();
        else document.querySelector("[data-palette]")?.click();
        return true;
    }

    // In a list from row to row, on the page of a record from record to record.
    function step(by) {
        const all = rows(), at = all.findIndex((it) => it.closest("tr").contains(document.activeElement));
        if (all.length === 0)
            return press(by > 0 ? ".way [rel=next]" : ".way [rel=prev]")();
        const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
        next?.focus();
        return Boolean(next);
    }

    function tick() {
        const row = document.activeElement?.closest("#list-form tr") ?? document.querySelector("#list-form tr:hover");
        row?.querySelector("[name=id]")?.click();
        return Boolean(row);
    }

    const keys = [
        ["?", () => show(), () => textOf("Show these keys")],
        ["/", search, () => textOf("Search in the list")],
        ["j", () => step(1), () => textOf("Next row, or next record")],
        ["k", () => step(-1), () => textOf("Row before, or record before")],
        ["x", tick, () => textOf("Select the row")],
        ["n", press(".heading-actions a[href$='/new']"), () => textOf("New record")],
        ["e", press(".heading-actions a[href$='/edit']"), () => textOf("Edit the record")],
        ["u", press(".crumbs li:nth-last-child(2) a"), () => textOf("Back to the list")],
    ];
    const others = [
        ["Ctrl K", () => textOf("Search everything")],
        ["Ctrl Enter", () => textOf("Save the form")],
        ["Esc", () => textOf("Close what is open")],
    ];
    const isOff = () => localStorage.getItem(kept) === "off";

    let dialog;
    function add(list, key, words) {
        const term = document.createElement("dt"), text = Object.assign(document.createElement("dd"), { textContent: words });
        for (const part of key.split(" "))
            term.append(Object.assign(document.createElement("kbd"), { textContent: part }));
        list.append(term, text);
    }

    function make() {
        dialog = document.createElement("dialog");
        dialog.className = "ask keys";
        dialog.setAttribute("aria-labelledby", "keys-title");
        const title = Object.assign(document.createElement("h2"), { id: "keys-title", textContent: textOf("Keys") });
        const list = document.createElement("dl");
        for (const [key, , words] of keys) add(list, key, words());
        for (const [key, words] of others) add(list, key, words());
        const choice = Object.assign(document.createElement("label"), { className: "check" });
        const box = Object.assign(document.createElement("input"), { type: "checkbox", className: "form-check-input", checked: !isOff() });
        box.addEventListener("change", () => localStorage.setItem(kept, box.checked ? "on" : "off"));
        choice.append(box, Object.assign(document.createElement("span"), { textContent: textOf("Use single keys") }));
        const close = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: textOf("Close") });
        close.addEventListener("click", () => dialog.close());
        const ways = Object.assign(document.createElement("div"), { className: "ask-ways" });
        ways.append(close, choice);
        dialog.append(title, list, ways);
        document.body.append(dialog);
    }

    function show() {
        for (const open of document.querySelectorAll("[popover]:popover-open"))
            open.hidePopover();
        if (!dialog?.isConnected)
            make();
        dialog.showModal();
        return true;
    }

    function save(form) {
        if (form?.method !== "post" || !form.closest("main"))
            return false;
        form.requestSubmit(form.querySelector(".sheet-foot .btn-primary") ?? undefined);
        return true;
    }

    document.addEventListener("keydown", (event) => {
        const typing = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
        const command = event.ctrlKey || event.metaKey;
        if (event.defaultPrevented || document.querySelector("dialog[open]"))
            return;
        if (command && event.key === "Enter" && save(event.target.form ?? main()?.querySelector("form.sheet[method=post]")))
            event.preventDefault();
        if (typing || command || event.altKey || isOff())
            return;
        const found = keys.find(([key]) => key === event.key);
        if (found && found[1]())
            event.preventDefault();
    });
    document.addEventListener("click", (event) => event.target.closest?.("[data-keys]") && show());
    function showButton() {
        for (const button of document.querySelectorAll("[data-keys]"))
            button.hidden = false;
    }
    document.addEventListener("htmx:after:swap", showButton); // going back brings the page as it came
    showButton();
})();
