// What happens while a page is open: the bell counts by itself, and parts of the
// page that follow a channel (data-follow) are fetched again. Pages work without.
(() => {
    "use strict";
    const patience = 2000;
    let socket, since, open = "", wait = 1000, again, due, refreshed = 0;
    const followed = () => [...document.querySelectorAll("[data-follow]")];
    const bell = () => document.getElementById("bell");

    // ---- the bell ----
    function count(unread) {
        const place = bell()?.querySelector(".bell-count");
        if (!place)
            return;
        bell().setAttribute("aria-label", unread ? textOf("Notifications, {unread} unread", { unread }) : textOf("Notifications"));
        place.textContent = unread > 99 ? "99+" : unread || "";
        place.hidden = !unread;
    }

    // ---- parts that follow ----
    // Nothing is taken away from under somebody's hands.
    const busy = (part) => part.contains(document.activeElement) || part.querySelector("[name=id]:checked, details[open]") !== null;

    // A page that another is about to replace is not asked for once more: what it shows may be gone.
    const isLeaving = () => document.body.dataset.busy !== undefined;

    async function refresh() {
        due = undefined;
        refreshed = Date.now();
        if (isLeaving() || followed().some(busy))
            return void soon();
        const address = location.href;
        const answer = await fetch(address, { headers: { Accept: "text/html" } });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (!answer.ok || answer.redirected || location.href !== address)
            return;
        if (followed().some(busy))
            return void soon();
        let parts = followed(), next = [...fresh.querySelectorAll("[data-follow]")];
        if (next.length !== parts.length)
            [parts, next] = [document, fresh].map((it) => [it.getElementById("page")]);
        parts.forEach((part, at) => {
            part.replaceWith(next[at]);
            globalThis.htmx?.process(next[at]);
        });
        bell()?.replaceWith(fresh.getElementById("bell") ?? bell());
        document.dispatchEvent(new Event("live:refreshed"));
    }

    function soon() {
        due ??= setTimeout(() => refresh().catch(soon), Math.max(100, refreshed + patience - Date.now()));
    }

    // ---- the connection ----
    function take(message) {
        since = message.id ?? since;
        if (message.type === "ready")
            wait = 1000;
        if (message.type === "notification")
            count(message.unread);
        const channel = { event: "events", notification: "notifications", jobs: "jobs" }[message.type];
        if (message.type === "reset" || followed().some((part) => part.dataset.follow === channel))
            soon();
    }

    function wanted() {
        return document.hidden || !bell() ? "" : [...new Set(["notifications", ...followed().map((part) => part.dataset.follow)])].sort().join(",");
    }

    // One who is refused asks less and less often.
    function connect() {
        clearTimeout(again);
        open = wanted();
        if (!open)
            return;
        const query = new URLSearchParams({ channels: open, ...(since === undefined ? {} : { since }) });
        const mine = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/realtime/ws?${query}`);
        socket = mine;
        mine.onmessage = (event) => take(JSON.parse(event.data));
        mine.onclose = () => {
            if (socket !== mine)
                return;
            socket = undefined;
            again = setTimeout(connect, wait * (0.5 + Math.random()));
            wait = Math.min(wait * 2, 300000);
        };
    }

    function adapt() {
        if (wanted() === open)
            return;
        const old = socket;
        socket = undefined;
        old?.close();
        connect();
    }

    document.addEventListener("visibilitychange", adapt);
    document.addEventListener("htmx:after:swap", adapt);
    addEventListener("pagehide", () => socket?.close());
    addEventListener("pageshow", (event) => event.persisted && connect());
    connect();
})();
