// How far an upload has come, for forms that send files. Without it they are sent as they are.
(() => {
    "use strict";
    function bar(form) {
        const progress = document.createElement("progress");
        progress.className = "upload-progress";
        progress.max = 100;
        progress.setAttribute("aria-label", textOf("Uploading"));
        (form.querySelector(".sheet-foot") ?? form).append(progress);
        return progress;
    }

    // The page that answers, which says how it went, in the place of this one.
    function show(request) {
        const answer = new DOMParser().parseFromString(request.responseText, "text/html"), page = answer.getElementById("page");
        if (!page) {
            location.assign(request.responseURL);
            return;
        }
        document.getElementById("page").replaceWith(page);
        document.title = answer.title;
        if (request.responseURL !== location.href)
            history.pushState({}, "", request.responseURL);
        globalThis.htmx?.process(page);
        scrollTo(0, 0);
        document.getElementById("main")?.focus({ preventScroll: true });
        document.dispatchEvent(new Event("live:refreshed"));
    }

    function send(form, submitter) {
        const request = new XMLHttpRequest(), progress = bar(form);
        request.open("POST", submitter?.hasAttribute("formaction") ? submitter.formAction : form.action);
        request.upload.addEventListener("progress", (event) => {
            if (event.lengthComputable)
                progress.value = (100 * event.loaded) / event.total;
        });
        request.addEventListener("load", () => show(request));
        request.addEventListener("error", () => {
            progress.remove();
            delete form.dataset.sent;
            document.dispatchEvent(new Event("htmx:error"));
        });
        request.send(new FormData(form, submitter));
    }

    document.addEventListener("submit", (event) => {
        const form = event.target;
        const files = [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length > 0);
        if (event.defaultPrevented || !form.matches("[data-upload]") || !files)
            return;
        event.preventDefault();
        send(form, event.submitter);
    });
})();
