// Passwords: a button that shows what is typed, and how strong a new one is. Both are
// help alone; without this the form says after sending what is wrong.
(() => {
    // Bits as far as a form can tell: what repeats or follows on is worth little.
    function strength(text) {
        let worth = 0;
        for (let i = 0; i < text.length; i++) {
            const step = text.charCodeAt(i) - text.charCodeAt(i - 1);
            worth += i > 0 && Math.abs(step) <= 1 ? 0.25 : text.slice(0, i).includes(text[i]) ? 0.6 : 1;
        }
        return worth < 8 ? 0 : worth < 11 ? 1 : worth < 14 ? 2 : worth < 18 ? 3 : 4;
    }
    const words = [textOf("This password is very weak."), textOf("This password is weak."), textOf("This password is fair."), textOf("This password is strong."), textOf("This password is very strong.")];

    function addButton(field) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "password-show";
        const say = () => {
            button.textContent = field.type === "password" ? textOf("Show") : textOf("Hide");
            button.setAttribute("aria-label", field.type === "password" ? textOf("Show what is typed") : textOf("Hide what is typed"));
        };
        button.addEventListener("click", () => {
            field.type = field.type === "password" ? "text" : "password";
            say();
            field.focus();
        });
        field.form?.addEventListener("submit", () => (field.type = "password"));
        say();
        const box = document.createElement("div");
        box.className = "password-box";
        const hadFocus = document.activeElement === field;
        field.replaceWith(box);
        box.append(field, button);
        if (hadFocus) field.focus(); // which it loses by being moved
        return box;
    }

    function addMeter(field, box) {
        const line = document.createElement("p"), meter = document.createElement("meter"), said = document.createElement("span");
        line.className = "password-strength";
        Object.assign(meter, { min: 0, max: 4, low: 2, high: 3, optimum: 4, hidden: true });
        meter.setAttribute("aria-label", textOf("Strength of the password"));
        said.setAttribute("role", "status");
        line.append(meter, said);
        box.after(line);
        field.addEventListener("input", () => {
            const of = strength(field.value);
            meter.hidden = !field.value;
            meter.value = of;
            said.textContent = field.value ? words[of] : "";
        });
    }

    for (const field of document.querySelectorAll("input[type=password]")) {
        const box = addButton(field);
        if (field.autocomplete === "new-password") addMeter(field, box);
    }
})();
