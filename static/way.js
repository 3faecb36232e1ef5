// The way through records: from one to the next of the list one came from, back to that list as
// it was, and those opened lately for the palette. A tab keeps its lists; what was opened lately
// is kept for the one who is signed in, and forgotten with them.
(() => {
    "use strict";
    const recent = "tulou.recent", most = 8;
    const record = /^(\/.+)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
    const read = (store, key) => { try { return JSON.parse(store.getItem(key)) ?? undefined; } catch { return undefined; } };

    // ---- the list ----
    function listOf(page, address) {
        const form = page.getElementById("list-form");
        if (!form)
            return undefined;
        const link = (rel) => form.querySelector(`.pager [rel=${rel}]`)?.getAttribute("href");
        return { address, before: link("prev"), after: link("next"), place: form.querySelector(".pager-count")?.textContent ?? "", paths: [...form.querySelectorAll(".rows-first a[href]")].map((it) => it.getAttribute("href")) };
    }

    function keepList(list) {
        const first = list?.paths.find((it) => record.test(it));
        if (first)
            sessionStorage.setItem(`way:${record.exec(first)[1]}`, JSON.stringify(list));
    }

    // ---- from record to record ----
    function go(path) {
        const link = Object.assign(document.createElement("a"), { href: path, hidden: true });
        document.getElementById("main").append(link);
        globalThis.htmx?.process(link);
        link.click();
    }

    // At the end of a page of the list its next one is read.
    async function cross(address, first) {
        const answer = await fetch(address, { headers: { Accept: "text/html" } });
        const list = answer.ok && !answer.redirected ? listOf(new DOMParser().parseFromString(await answer.text(), "text/html"), address) : undefined;
        keepList(list);
        go(list?.paths.at(first ? 0 : -1) ?? address);
    }

    function step(rel, path, address, words) {
        const link = document.createElement("a");
        link.className = "btn btn-step";
        link.rel = rel;
        link.textContent = rel === "prev" ? "‹" : "›";
        link.setAttribute("aria-label", words);
        link.title = words;
        if (path) link.href = path;
        else if (address) {
            link.href = address;
            link.dataset.cross = rel;
        } else {
            link.setAttribute("role", "link");
            link.setAttribute("aria-disabled", "true");
        }
        return link;
    }

    function showWay() {
        const match = record.exec(location.pathname), list = match && read(sessionStorage, `way:${match[1]}`);
        const at = list?.paths.indexOf(location.pathname) ?? -1, actions = document.querySelector("#main .heading-actions");
        if (at < 0 || !actions || actions.querySelector(".way"))
            return;
        const back = document.querySelector(`.crumbs a[href="${CSS.escape(match[1]).replaceAll("\\", "")}"]`);
        if (back)
            back.href = list.address;
        const way = Object.assign(document.createElement("nav"), { className: "way" });
        way.setAttribute("aria-label", textOf("Through the list"));
        way.append(step("prev", list.paths[at - 1], list.before, textOf("Record before")), step("next", list.paths[at + 1], list.after, textOf("Next record")));
        actions.prepend(way);
        globalThis.htmx?.process(way);
        for (const link of [back].filter(Boolean))
            globalThis.htmx?.process(link);
    }

    document.addEventListener("click", (event) => {
        const link = event.target.closest?.(".way [data-cross]");
        if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey)
            return;
        event.preventDefault();
        event.stopPropagation();
        cross(link.getAttribute("href"), link.dataset.cross === "next").catch(() => location.assign(link.href));
    }, true);

    // ---- opened lately ----
    function keepRecent() {
        const user = document.body.dataset.user;
        if (!user)
            return void (document.body.matches(".bare") && localStorage.removeItem(recent));
        const kept = read(localStorage, recent);
        const others = (kept?.user === user ? kept.items : []).filter((it) => it.path !== location.pathname);
        const title = document.querySelector("#main h1")?.textContent.trim(), kind = document.querySelector("#main .subtitle")?.textContent.trim();
        const opened = record.test(location.pathname) && title && !document.querySelector("#main .trouble") ? [{ path: location.pathname, title, kind }] : [];
        localStorage.setItem(recent, JSON.stringify({ user, items: [...opened, ...others].slice(0, most) }));
    }
    globalThis.recentRecords = () => {
        const kept = read(localStorage, recent);
        return kept && kept.user === document.body.dataset.user ? kept.items.filter((it) => it.path !== location.pathname) : [];
    };

    // In the menu, below what is always there.
    function showRecent() {
        const group = document.querySelector("#menu [data-recent]"), items = group ? globalThis.recentRecords().slice(0, 5) : [];
        if (items.length === 0)
            return;
        group.querySelector("ul").replaceChildren(...items.map(({ path, title, kind }) => {
            const place = document.createElement("li"), link = Object.assign(document.createElement("a"), { className: "menu-link", href: path, title: kind ?? "" });
            link.append(Object.assign(document.createElement("span"), { textContent: title }));
            place.append(link);
            return place;
        }));
        group.open = !/(?:^|; )folds=[\w.]*\brecent\b/.test(document.cookie);
        group.hidden = false;
        globalThis.htmx?.process(group);
    }

    function arrive() {
        keepList(listOf(document, location.pathname + location.search));
        showWay();
        keepRecent();
        showRecent();
    }
    for (const done of ["htmx:after:swap", "live:refreshed"])
        document.addEventListener(done, arrive);
    arrive();
})();
