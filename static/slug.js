// A workspace's address is suggested from its name until it was typed, and checked while it is
// typed. Without this the form says the same once it is sent.
(() => {
    "use strict";
    function begin(part) {
        const fields = part.querySelector("[name=slug]").form.elements, slug = fields.slug, name = fields[part.dataset.slugOf];
        const state = part.querySelector("[data-slug-state]");
        let own = slug.value !== "", waiting, asked = 0;
        part.dataset.ready = "";
        slug.closest(".field").append(state); // beside what it is about
        slug.setAttribute("aria-describedby", `${slug.getAttribute("aria-describedby") ?? ""} ${state.id}`.trim());

        function say(text, good) {
            state.hidden = !text;
            state.textContent = text;
            state.classList.toggle("field-state-good", good);
        }

        async function ask(query, use) {
            const turn = ++asked;
            const answer = await fetch(`${part.dataset.slug}?${new URLSearchParams(query)}`).catch(() => undefined);
            const json = answer?.ok ? await answer.json() : undefined;
            if (turn === asked && json)
                use(json.data);
        }

        function later(work) {
            clearTimeout(waiting);
            asked++; // what was asked before is of no interest now
            waiting = setTimeout(work, 400);
        }

        const tell = (it) => say(it.free ? `${it.url}: ${it.message}` : it.message, it.free);
        name.addEventListener("input", () => {
            const text = name.value.trim();
            if (own || !text)
                return;
            later(() => ask({ organisation: text.slice(0, 100) }, (it) => {
                slug.value = it.slug;
                tell(it);
            }));
        });
        slug.addEventListener("input", () => {
            const text = slug.value.trim();
            own = text !== "";
            say("", false);
            later(() => own && ask({ slug: text.slice(0, 60) }, tell));
        });
    }

    function start() {
        document.querySelectorAll("[data-slug]:not([data-ready])").forEach(begin);
    }
    document.addEventListener("htmx:after:swap", start);
    start();
})();
