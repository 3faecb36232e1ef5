// What was typed into a form is not lost by a click: whoever leaves a page with it is asked first.
(() => {
    "use strict";
    let leaving = false, dialog, wanted;

    const isChanged = (control) =>
        control.type === "hidden" || control.closest("[data-picker] .picker-find") ? false
        : control.type === "checkbox" || control.type === "radio" ? control.checked !== control.defaultChecked
        : control.options ? [...control.options].some((it) => it.selected !== it.defaultSelected) && control.selectedIndex !== Math.max(0, [...control.options].findIndex((it) => it.defaultSelected))
        : control.value !== undefined && control.type !== "submit" && control.type !== "button" && control.value !== control.defaultValue;
    const isDirty = (form) => !form.matches("[data-sent]") && (form.matches("[data-unsaved]") || [...form.elements].some((it) => it.name && isChanged(it)));
    const forms = () => [...document.querySelectorAll("main form.sheet[method=post], main form.parts-form")];
    const dirty = () => leaving ? undefined : forms().find(isDirty);

    function make() {
        dialog = document.createElement("dialog");
        dialog.className = "ask";
        dialog.setAttribute("aria-labelledby", "ask-title");
        const title = Object.assign(document.createElement("h2"), { id: "ask-title", textContent: textOf("Leave without saving?") });
        const text = Object.assign(document.createElement("p"), { textContent: textOf("What you typed here has not been saved.") });
        const stay = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-primary", textContent: textOf("Stay here") });
        const leave = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet-danger", textContent: textOf("Leave") });
        const ways = Object.assign(document.createElement("div"), { className: "ask-ways" });
        stay.addEventListener("click", () => dialog.close());
        leave.addEventListener("click", () => {
            leaving = true;
            dialog.close();
            wanted.click();
        });
        ways.append(stay, leave);
        dialog.append(title, text, ways);
        document.body.append(dialog);
    }

    function ask(way) {
        wanted = way;
        if (!dialog?.isConnected)
            make();
        dialog.showModal();
    }

    // Cancel says itself that nothing is kept.
    document.addEventListener("click", (event) => {
        const link = event.target.closest?.("a[href]");
        const elsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
        if (!link || elsewhere || link.target || link.hasAttribute("download") || link.getAttribute("href").startsWith("#") || link.matches("[data-palette]"))
            return;
        const form = dirty();
        if (!form || (form.contains(link) && link.closest(".sheet-foot")))
            return;
        event.preventDefault();
        event.stopImmediatePropagation();
        ask(link);
    }, true);
    // What is saved is one form; of others on the page their writer is asked.
    document.addEventListener("submit", (event) => {
        const { target: form, submitter } = event;
        if (form.method !== "post")
            return;
        const other = leaving ? undefined : forms().find((it) => it !== form && isDirty(it));
        if (!other || form.target)
            return void (leaving = true);
        event.preventDefault();
        event.stopImmediatePropagation();
        delete form.dataset.sent;
        ask({ click: () => form.requestSubmit(submitter) });
    }, true);
    addEventListener("beforeunload", (event) => {
        if (dirty())
            event.preventDefault();
    });
    addEventListener("pageshow", () => { leaving = false; });
    for (const done of ["htmx:after:swap", "htmx:error"])
        document.addEventListener(done, () => { leaving = false; });
})();
