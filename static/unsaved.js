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
            const left = wanted.href && dirty();
            if (left) localStorage.removeItem(draftKey(left));
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

    // ---- drafts: what was typed outlives the tab; it is offered again, to the same user ----
    const prefix = "draft:", days = 7;
    const user = () => document.body.dataset.user;
    const draftKey = (form) => `${prefix}${user()}:${new URL(form.action).pathname}`;
    const readDraft = (key) => { try { return JSON.parse(localStorage.getItem(key)) ?? undefined; } catch { return undefined; } };
    const isKept = (it) => it.name && !it.name.startsWith("_") && !["hidden", "password", "file", "submit", "button"].includes(it.type);

    function keepDraft(form) {
        if (!user() || !forms().includes(form) || form.matches("[data-sent]"))
            return;
        if (!isDirty(form))
            return void localStorage.removeItem(draftKey(form));
        const values = [...form.elements].filter(isKept).map((it) => [it.name, it.type === "checkbox" || it.type === "radio" ? [it.value, it.checked] : it.value]);
        try { localStorage.setItem(draftKey(form), JSON.stringify({ at: Date.now(), values })); } catch { /* no room: it is only a draft */ }
    }

    function bringBack(form, draft) {
        const controls = [...form.elements].filter(isKept);
        for (const [name, value] of draft.values) {
            const it = controls.find((one) => one.name === name && (!Array.isArray(value) || one.value === value[0]));
            if (!it) continue;
            if (Array.isArray(value)) it.checked = value[1];
            else it.value = value;
            controls.splice(controls.indexOf(it), 1);
            it.dispatchEvent(new Event("change", { bubbles: true }));
        }
    }

    function offer(form, draft) {
        const note = Object.assign(document.createElement("div"), { className: "notice notice-warning draft" });
        const text = Object.assign(document.createElement("p"), { textContent: `${textOf("You typed something here and did not save it.")} ${new Date(draft.at).toLocaleString(document.documentElement.lang)}` });
        const back = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small", textContent: textOf("Bring it back") });
        const drop = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small btn-quiet", textContent: textOf("Discard") });
        note.setAttribute("role", "status");
        back.addEventListener("click", () => {
            bringBack(form, draft);
            note.remove();
            form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
        });
        drop.addEventListener("click", () => {
            localStorage.removeItem(draftKey(form));
            note.remove();
        });
        note.append(text, back, drop);
        form.before(note);
    }

    // What a refused form comes back with is a draft again.
    function findDrafts() {
        for (const key of Object.keys(localStorage))
            if (key.startsWith(prefix) && !((readDraft(key)?.at ?? 0) > Date.now() - days * 86400000))
                localStorage.removeItem(key);
        for (const form of user() ? forms() : []) {
            const draft = readDraft(draftKey(form));
            if (isDirty(form) || form.querySelector(".field-wrong")) keepDraft(form);
            else if (draft && !document.querySelector(".draft")) offer(form, draft);
        }
    }
    document.addEventListener("input", (event) => event.target.form && keepDraft(event.target.form));
    document.addEventListener("change", (event) => event.target.form && keepDraft(event.target.form));

    // Cancel says itself that nothing is kept.
    document.addEventListener("click", (event) => {
        const link = event.target.closest?.("a[href]");
        const elsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
        if (!link || elsewhere || link.target || link.hasAttribute("download") || link.getAttribute("href").startsWith("#") || link.matches("[data-palette]"))
            return;
        const form = dirty();
        if (form?.contains(link) && link.closest(".sheet-foot"))
            localStorage.removeItem(draftKey(form));
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
        if (form.action.endsWith("/logout"))
            for (const key of Object.keys(localStorage).filter((it) => it.startsWith(prefix)))
                localStorage.removeItem(key);
        if (!other || form.target) {
            if (user() && forms().includes(form)) localStorage.removeItem(draftKey(form));
            return void (leaving = true);
        }
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
    document.addEventListener("htmx:after:swap", findDrafts);
    findDrafts();
})();
