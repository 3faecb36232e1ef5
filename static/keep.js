// What is shown this once can be copied, kept as a file or printed.
(() => {
    "use strict";
    const kept = () => [...document.querySelectorAll("[data-kept]")].map((it) => it.value ?? it.textContent.trim()).join("\n");

    function save(name) {
        const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([`${kept()}\n`], { type: "text/plain" })), download: name });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    }

    document.addEventListener("click", async (event) => {
        const button = event.target.closest?.("[data-keep] button");
        if (!button)
            return;
        const way = button.name;
        if (way === "print") return void print();
        if (way === "save") return void save(button.closest("[data-keep]").dataset.keep);
        const done = await navigator.clipboard.writeText(kept()).then(() => true, () => false);
        button.parentElement.querySelector("[role=status]").textContent = done ? textOf("Copied.") : textOf("Your browser does not allow it: select and copy it yourself.");
    });
})();
