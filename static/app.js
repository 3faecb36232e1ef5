// What scripts add to pages that also work without them.
(() => {
    "use strict";
    const root = document.documentElement;
    const all = (selector, within = document) => [...within.querySelectorAll(selector)];

    // ---- appearance: at once, and kept by the server's cookie ----
    function showTheme(theme) {
        root.dataset.bsTheme = theme;
        for (const button of all("[data-theme-form] [name=theme]"))
            button.setAttribute("aria-pressed", String(button.value === theme));
        drawCharts();
    }

    async function keepTheme(form, submitter) {
        const body = new URLSearchParams(new FormData(form, submitter));
        showTheme(submitter.value);
        await fetch(form.action, { method: "POST", body, redirect: "manual" });
    }

    // ---- forms: fields that are shown with certain values of another ----
    function showFields(form) {
        for (const field of all("[data-when]", form)) {
            const control = form.elements[field.dataset.when];
            if (control) field.hidden = !field.dataset.values.split(" ").includes(control.value);
        }
    }

    // ---- lists: follow the search, tick all, count the ticked ----
    let typing;
    function follow(form, delay) {
        clearTimeout(typing);
        typing = setTimeout(() => form.isConnected && form.requestSubmit(), delay);
    }

    // A date whose year is being typed is one of the first centuries meanwhile.
    const isHalfTyped = (input) => input.type === "date" && input.value !== "" && input.value < "1900";

    // An address says only what differs from the plain list, so it can be shared.
    function shorten(form) {
        const boxes = all("[name=fields]", form);
        const columns = boxes.filter((box) => box.checked).map((box) => box.value).join(",");
        if (boxes.length && columns && columns !== boxes[0].closest("[data-plain]").dataset.plain) {
            const one = Object.assign(document.createElement("input"), { type: "hidden", name: "fields" });
            one.value = columns;
            form.append(one);
        }
        // One order says all keys: none of them may be left out because it is the plain one.
        const sorts = all("[name=sort]", form);
        const order = sorts.map((it) => it.value).filter(Boolean).join(",");
        if (sorts.length && order !== sorts[0].dataset.plain)
            form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "sort", value: order }));
        for (const input of all("input, select", form))
            if (boxes.includes(input) || sorts.includes(input) || input.value === "" || input.value === input.dataset.plain)
                input.disabled = true;
    }

    function countTicks(form) {
        const boxes = all("[name=id]", form);
        const ticked = boxes.filter((box) => box.checked).length;
        const every = form.querySelector("[data-all]");
        if (!every)
            return;
        const whole = form.querySelector("[name=all]");
        for (const button of all("[data-bulk-button]", form)) {
            button.disabled = ticked === 0 && !(whole && whole.checked);
            button.querySelector("[data-bulk-count]").textContent = ticked ? `(${ticked})` : "";
        }
        every.checked = ticked > 0 && ticked === boxes.length;
        every.indeterminate = ticked > 0 && ticked < boxes.length;
    }

    // ---- charts: drawn from the table that is in the page ----
    const drawn = new Map();
    // A script that few pages need, once, beside this one.
    const loaded = new Map();
    globalThis.loadScript = (path) => {
        if (!loaded.has(path))
            loaded.set(path, new Promise((done, failed) => {
                const script = document.createElement("script");
                const own = document.querySelector("script[src*='/static/app.js']").src;
                script.src = own.replace("/static/app.js", `/static/${path}`);
                script.onload = done;
                script.onerror = failed;
                document.head.append(script);
            }));
        return loaded.get(path);
    };

    function colour(name) {
        const probe = document.createElement("i");
        probe.hidden = true;
        probe.className = `colour-${name}`;
        document.body.append(probe);
        const value = getComputedStyle(probe).color;
        probe.remove();
        return value;
    }

    function chartOptions(figure, ink, line) {
        const round = figure.dataset.chart === "doughnut";
        const axis = { grid: { color: line, drawTicks: false }, border: { display: false }, ticks: { color: ink, padding: 8, maxRotation: 0, autoSkipPadding: 16 } };
        return {
            responsive: true,
            maintainAspectRatio: false,
            animation: matchMedia("(prefers-reduced-motion: reduce), print").matches ? false : { duration: 300 },
            plugins: { legend: { display: round, position: "right", labels: { color: ink } } },
            scales: round ? {} : { x: { ...axis, grid: { display: false } }, y: { ...axis, beginAtZero: true, ticks: { ...axis.ticks, precision: 0, maxTicksLimit: 6 } } },
        };
    }

    function drawChart(figure) {
        const rows = all("tbody tr", figure);
        const brand = colour("brand");
        const ink = colour("quiet");
        const round = figure.dataset.chart === "doughnut";
        const parts = ["brand", "mark", "open", "wait", "good", "bad", "quiet"].map(colour);
        drawn.get(figure)?.destroy();
        drawn.set(figure, new Chart(figure.querySelector("canvas"), {
            type: figure.dataset.chart,
            data: {
                labels: rows.map((row) => row.cells[0].textContent),
                datasets: [{
                    label: figure.querySelector("h2").textContent,
                    data: rows.map((row) => Number(row.cells[1].dataset.value)),
                    backgroundColor: round ? parts : figure.dataset.chart === "line" ? "transparent" : brand,
                    borderColor: round ? colour("surface") : brand,
                    borderWidth: figure.dataset.chart === "bar" ? 0 : 2,
                    borderRadius: figure.dataset.chart === "bar" ? 4 : 0,
                    maxBarThickness: 44,
                    pointRadius: rows.length > 40 ? 0 : 3,
                    pointBackgroundColor: brand,
                    tension: 0.25,
                }],
            },
            options: chartOptions(figure, ink, colour("line")),
        }));
    }

    async function drawCharts() {
        for (const [figure, chart] of drawn)
            if (!figure.isConnected) {
                chart.destroy();
                drawn.delete(figure);
            }
        const figures = all("[data-chart]");
        if (figures.length === 0)
            return;
        await loadScript("vendor/chart.umd.min.js");
        figures.filter((figure) => figure.isConnected).forEach(drawChart);
    }

    // ---- filters that were opened stay open while their list is worked on ----
    let openFilters;
    document.addEventListener("toggle", (event) => {
        if (event.target.id === "list-filters")
            openFilters = event.target.open ? location.pathname : undefined;
    }, true);
    function keepFiltersOpen() {
        const filters = document.getElementById("list-filters");
        if (filters && openFilters === location.pathname)
            filters.open = true;
        else
            openFilters = undefined;
    }

    // ---- the frame: what was opened over a page closes with it, the menu stays where it was ----
    function closeOpened() {
        for (const open of all("[popover]:popover-open"))
            open.hidePopover();
    }

    let menuTop = 0;
    document.addEventListener("scroll", (event) => {
        if (event.target.id === "menu")
            menuTop = event.target.scrollTop;
    }, true);
    function showPlaceInMenu() {
        const menu = document.getElementById("menu"), current = menu?.querySelector("[aria-current]");
        if (!current)
            return;
        menu.scrollTop = menuTop;
        const [place, whole] = [current, menu].map((it) => it.getBoundingClientRect());
        if (place.bottom > whole.bottom || place.top < whole.top)
            menu.scrollTop += place.top - whole.top - whole.height / 2;
    }

    // Groups of the menu stay folded: the server draws them so. One that holds the page is open.
    document.addEventListener("toggle", (event) => {
        const fold = event.target.dataset?.fold;
        if (!fold || event.target.querySelector("[aria-current]"))
            return;
        const folds = new Set((/(?:^|; )folds=([\w.]*)/.exec(document.cookie)?.[1] ?? "").split(".").filter(Boolean));
        folds[event.target.open ? "delete" : "add"](fold);
        document.cookie = `folds=${[...folds].join(".")}; path=/; max-age=31536000; samesite=lax`;
    }, true);

    // ---- what changed without a word on the screen is said: how many a filter found ----
    const said = Object.assign(document.createElement("p"), { className: "visually-hidden" });
    said.setAttribute("role", "status");
    document.body.append(said);
    let listed = location.pathname;
    function sayCount() {
        const count = document.querySelector("#page .pager-count, #page .empty h2");
        said.textContent = listed === location.pathname && count ? count.textContent : "";
        listed = location.pathname;
    }

    // ---- tables: one that has room needs no frame to scroll in, and its head can stay in sight ----
    const rooms = new ResizeObserver((changes) => changes.forEach(({ target }) => measure(target.closest(".table-scroll"))));
    function measure(frame) {
        frame?.classList.toggle("fits", frame.firstElementChild.offsetWidth <= frame.clientWidth);
    }

    // ---- every part of a page, when it came ----
    function prepare() {
        keepFiltersOpen();
        for (const presets of all("[data-presets], [data-keep]"))
            presets.hidden = false;
        rooms.disconnect();
        for (const frame of all(".table-scroll"))
            for (const part of [frame, frame.firstElementChild])
                rooms.observe(part);
        all("[data-bulk]").forEach((form) => {
            for (const label of all(".tick-all", form))
                label.hidden = false;
            countTicks(form);
        });
        document.querySelector("[data-focus]")?.focus();
        document.querySelector("[data-go-on]")?.requestSubmit();
        drawCharts();
        if (document.querySelector("[data-board]"))
            loadScript("board.js");
        if (document.querySelector("[data-slug]"))
            loadScript("slug.js");
        if (document.querySelector("[data-keep]"))
            loadScript("keep.js");
    }

    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (form.matches("[data-theme-form]")) {
            event.preventDefault();
            keepTheme(form, event.submitter);
        } else if (form.matches("[data-live]")) {
            shorten(form);
        } else if (form.matches("[data-once]")) {
            if (form.dataset.sent)
                event.preventDefault();
            form.dataset.sent = "1";
        }
    }, true);
    document.addEventListener("input", (event) => {
        const form = event.target.closest("[data-live]");
        if (form && event.target.type === "search")
            follow(form, 300);
    });
    document.addEventListener("change", (event) => {
        if (event.target.form) showFields(event.target.form);
        const set = event.target.name !== "_set" && event.target.closest(".set-field");
        if (set)
            set.querySelector("[name=_set]").checked = true; // who types a value means it
        const live = event.target.closest("[data-live]");
        if (live && event.target.type !== "search" && !event.target.closest(".drop") && !isHalfTyped(event.target))
            follow(live, 0);
        const bulk = event.target.closest("[data-bulk]");
        if (!bulk)
            return;
        if (event.target.matches("[data-all]"))
            for (const box of all("[name=id]", bulk))
                box.checked = event.target.checked;
        countTicks(bulk);
    });
    // Ticks by the handful, where there are many.
    document.addEventListener("click", (event) => {
        const preset = event.target.closest?.("[data-preset]");
        const holds = (it) => preset.dataset.preset === "all" || (preset.dataset.preset === "reads" && "reads" in it.dataset);
        for (const box of preset ? all("[type=checkbox]", preset.closest("fieldset")) : [])
            box.checked = holds(box);
        for (const choice of preset ? all("select", preset.closest("fieldset")) : []) // from none to the widest
            choice.selectedIndex = holds(choice) ? choice.options.length - 1 : 0;
    });
    document.addEventListener("click", (event) => {
        for (const open of all("details.drop[open]"))
            if (!open.contains(event.target))
                open.open = false;
    });
    document.addEventListener("keydown", (event) => {
        const open = event.key === "Escape" && event.target.closest?.("details.drop[open]");
        if (open) {
            open.open = false;
            open.querySelector("summary").focus();
        }
    });
    for (const looks of ["(prefers-color-scheme: dark)", "print"])
        matchMedia(looks).addEventListener("change", drawCharts);
    addEventListener("pageshow", () => all("[data-sent]").forEach((form) => delete form.dataset.sent));

    document.addEventListener("htmx:before:request", () => { document.body.dataset.busy = "1"; });
    document.addEventListener("htmx:finally:request", () => {
        delete document.body.dataset.busy;
        all("[data-sent]").forEach((form) => delete form.dataset.sent);
    });
    document.addEventListener("htmx:error", () => {
        const notice = document.createElement("div");
        notice.className = "notice notice-danger";
        notice.append(Object.assign(document.createElement("p"), { textContent: textOf("The server could not be reached. Nothing was lost: try again.") }));
        document.querySelector(".notices")?.replaceChildren(notice);
    });
    document.addEventListener("htmx:after:swap", () => {
        closeOpened();
        showPlaceInMenu();
        sayCount();
        prepare();
        if (document.activeElement === document.body)
            document.getElementById("main")?.focus({ preventScroll: true });
    });
    document.addEventListener("live:refreshed", prepare);
    showPlaceInMenu();
    prepare(); // scripts are deferred: the page is whole
})();

// The preview beside the branding form follows what is typed. Text on a colour
// is black or white, whichever has more contrast (WCAG 2.2, relative luminance).
function previewBranding(form) {
    const preview = document.querySelector("[data-preview]");
    const value = (name) => form.elements[name]?.value.trim() ?? "";
    const paint = (element, colour) => {
        if (!/^#[0-9a-f]{6}$/i.test(colour)) return;
        const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        element.style.backgroundColor = colour;
        element.style.color = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
    };
    const draw = () => {
        preview.querySelector(".preview-name").textContent = value("name") || preview.dataset.name;
        preview.querySelector(".preview-text").textContent = value("loginText");
        paint(preview.querySelector(".preview-button"), value("primaryColor") || preview.dataset.primary);
        paint(preview.querySelector(".preview-accent"), value("accentColor") || preview.dataset.accent);
    };
    form.addEventListener("input", draw);
    draw();
}
function startBranding() {
    for (const form of document.querySelectorAll("[data-branding]:not([data-ready])")) {
        form.dataset.ready = "yes";
        previewBranding(form);
    }
}
document.addEventListener("DOMContentLoaded", startBranding);
document.addEventListener("htmx:after:settle", startBranding);
document.addEventListener("htmx:afterSettle", startBranding);
if (document.readyState !== "loading") startBranding();
