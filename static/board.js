// A board's cards are dragged, or moved by keys: Space takes a card up and puts it down, the arrows
// move it, Escape lets it go back. Without this script each card has a form that moves it.
(() => {
    "use strict";
    const boardOf = (card) => card.closest("[data-board]");
    const cardsOf = (column) => column.querySelector("[data-cards]");
    const columnOf = (card) => card.closest("[data-column]");
    const tell = (text) => { document.querySelector("[data-board-told]").textContent = text; };
    const nameOf = (card) => card.querySelector(".board-label").textContent;
    const titleOf = (column) => column.getAttribute("aria-label");
    let held; // by keys: the card, and where it was

    function complain(text) {
        const notice = document.createElement("div");
        notice.className = "notice notice-danger";
        notice.append(Object.assign(document.createElement("p"), { textContent: text }));
        document.querySelector(".notices")?.replaceChildren(notice);
        tell(text);
    }

    // ---- what the server says ----
    // How many cards there are and what they are worth is the database's to say.
    async function refreshFigures(board) {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const column of board.querySelectorAll("[data-column]")) {
            const figures = fresh.querySelector(`[data-column="${CSS.escape(column.dataset.column)}"] [data-figures]`);
            if (figures)
                column.querySelector("[data-figures]").replaceWith(figures);
        }
    }

    function bodyOf(board, card) {
        const body = { [board.dataset.by]: columnOf(card).dataset.column };
        if ("ranked" in board.dataset)
            body.afterId = card.previousElementSibling?.dataset.card ?? null;
        return JSON.stringify(body);
    }

    // What more the record needs in that column is asked for by its form.
    function askFor(board, card) {
        const address = new URL(card.querySelector("[data-move]").href);
        address.searchParams.set(board.dataset.by, columnOf(card).dataset.column);
        location.assign(address);
    }

    function putBack({ card, list, next }) {
        list.insertBefore(card, next?.parentNode === list ? next : null);
    }

    async function send(from) {
        const { card } = from, board = boardOf(card);
        card.setAttribute("aria-busy", "true");
        const answer = await fetch(`${board.dataset.board}/${card.dataset.card}/move`, {
            method: "POST",
            headers: { "Content-Type": "application/json", "X-CSRF-Token": board.dataset.csrf },
            body: bodyOf(board, card),
        }).catch(() => undefined);
        card.removeAttribute("aria-busy");
        if (answer?.ok) {
            tell(textOf("Moved to {column}.", { column: titleOf(columnOf(card)) }));
            return refreshFigures(board);
        }
        const refusal = await answer?.json().catch(() => undefined);
        if (answer?.status === 422 && !refusal?.error?.details?.some((it) => it.field === "afterId"))
            return askFor(board, card);
        putBack(from);
        complain(refusal?.error?.message ?? textOf("The server could not be reached. Nothing was lost: try again."));
    }

    // ---- by keys ----
    const placeOf = (card) => ({ card, list: card.parentNode, next: card.nextElementSibling });
    const isMoved = ({ card, list, next }) => card.parentNode !== list || card.nextElementSibling !== next;

    function take(card) {
        held = placeOf(card);
        card.classList.add("board-held");
        tell(textOf("{name} is taken up. Arrows move it, Space puts it down, Escape lets it go back.", { name: nameOf(card) }));
    }

    function letGo() {
        held.card.classList.remove("board-held");
        held.card.querySelector("[data-move]").focus();
        held = undefined;
    }

    function putDown() {
        const from = held;
        letGo();
        if (isMoved(from))
            send(from);
    }

    function step(key) {
        const { card } = held, column = columnOf(card);
        const columns = [...boardOf(card).querySelectorAll("[data-column]")];
        const sideways = { ArrowLeft: -1, ArrowRight: 1 }[key], beside = columns[columns.indexOf(column) + sideways];
        if (sideways && beside)
            cardsOf(beside).prepend(card);
        if (key === "ArrowUp")
            card.previousElementSibling?.before(card);
        if (key === "ArrowDown")
            card.nextElementSibling?.after(card);
        card.querySelector("[data-move]").focus();
        card.scrollIntoView({ block: "nearest", inline: "nearest" });
        const at = [...card.parentNode.children].indexOf(card) + 1;
        tell(textOf("{column}, place {place}", { column: titleOf(columnOf(card)), place: at }));
    }

    document.addEventListener("keydown", (event) => {
        const handle = event.target.closest?.("[data-move]"), card = handle?.closest("[data-card]");
        if (!card || event.ctrlKey || event.metaKey || event.altKey)
            return;
        const known = event.key === " " || (held && (event.key.startsWith("Arrow") || event.key === "Escape"));
        if (!known)
            return;
        event.preventDefault();
        if (event.key === " ")
            held ? putDown() : take(card);
        else if (event.key !== "Escape")
            step(event.key);
        else {
            putBack(held);
            letGo();
            tell(textOf("It is where it was."));
        }
    });

    // ---- more of a column ----
    async function showMore(link) {
        const column = columnOf(link), answer = await fetch(link.href, { headers: { Accept: "text/html" } });
        if (!answer.ok || answer.redirected)
            return location.assign(link.href);
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        const cards = [...fresh.querySelectorAll("[data-card]")], next = fresh.querySelector("[data-more]");
        cardsOf(column).append(...cards.filter((it) => !column.querySelector(`[data-card="${CSS.escape(it.dataset.card)}"]`)));
        next ? link.replaceWith(next) : link.remove();
        cards[0]?.querySelector("a")?.focus();
    }

    document.addEventListener("click", (event) => {
        const link = event.target.closest?.("[data-more]");
        if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey)
            return;
        event.preventDefault();
        event.stopPropagation();
        showMore(link);
    }, true);

    // ---- by dragging ----
    async function start() {
        const board = document.querySelector("[data-board][data-moves]:not([data-ready])");
        if (!board)
            return;
        board.dataset.ready = "";
        await loadScript("vendor/sortable.min.js");
        for (const list of board.querySelectorAll("[data-cards]")) {
            let from;
            Sortable.create(list, {
                group: "board",
                sort: "ranked" in board.dataset,
                animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
                delay: 200,
                delayOnTouchOnly: true,
                ghostClass: "board-ghost",
                onStart: ({ item }) => { from = placeOf(item); },
                onEnd: ({ item }) => isMoved(from) && send({ ...from, card: item }),
            });
        }
    }

    document.addEventListener("htmx:after:swap", start);
    document.addEventListener("live:refreshed", start);
    start();
})();
