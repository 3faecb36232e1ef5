// Signing up: the address is suggested from the name until it was typed, and
// checked while it is typed. Without this the form says the same once it is sent.
(() => {
    const form = document.querySelector("form[data-signup]");
    const enter = document.querySelector("form[data-go]");
    enter?.requestSubmit();
    if (!form)
        return;
    const name = form.elements.organisation, slug = form.elements.slug;
    const state = form.querySelector("[data-slug-state]");
    let own = slug.value !== "", waiting, asked = 0;

    slug.closest(".field").append(state); // beside what it is about
    slug.setAttribute("aria-describedby", `${slug.getAttribute("aria-describedby") ?? ""} ${state.id}`.trim());

    function say(text, good) {
        state.hidden = !text;
        state.textContent = text;
        state.classList.toggle("field-state-good", good);
    }

    async function ask(query, use) {
        const turn = ++asked;
        const answer = await fetch(`/api/signup/slug?${new URLSearchParams(query)}`).catch(() => undefined);
        const json = answer?.ok ? await answer.json() : undefined;
        if (turn === asked && json)
            use(json.data);
    }

    function later(work) {
        clearTimeout(waiting);
        asked++; // what was asked before is of no interest now
        waiting = setTimeout(work, 400);
    }

    name.addEventListener("input", () => {
        const text = name.value.trim();
        if (own || !text)
            return;
        later(() => ask({ organisation: text.slice(0, 100) }, (it) => {
            slug.value = it.slug;
            say(it.message, it.free);
        }));
    });
    slug.addEventListener("input", () => {
        const text = slug.value.trim();
        own = text !== "";
        say("", false);
        later(() => own && ask({ slug: text.slice(0, 60) }, (it) => say(it.message, it.free)));
    });
})();
