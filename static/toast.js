// What was done is said in a corner, where it moves nothing; it stays until it is closed or the page
// is another one. Clicks beside its link and its button go through it.
(() => {
    "use strict";
    function float(notice) {
        const close = Object.assign(document.createElement("button"), { type: "button", className: "notice-close" });
        close.setAttribute("aria-label", textOf("Close"));
        close.addEventListener("click", () => notice.remove());
        notice.classList.add("floating");
        notice.append(close);
    }
    const start = () => document.querySelectorAll(".notices > .notice-success:not(.floating)").forEach(float);
    document.addEventListener("htmx:after:swap", start);
    start();
})();
