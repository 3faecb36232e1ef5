// Passkeys: a form marked data-passkey asks the browser before it is sent, and
// sends what the browser answered in its field `credential`.
(() => {
    "use strict";
    if (!window.PublicKeyCredential)
        return;
    const fromText = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

    function read(options) {
        options.challenge = fromText(options.challenge);
        if (options.user)
            options.user.id = fromText(options.user.id);
        for (const one of [...(options.excludeCredentials ?? []), ...(options.allowCredentials ?? [])])
            one.id = fromText(one.id);
        return options;
    }

    function write({ id, type, response }) {
        const data = response.getAuthenticatorData?.() ?? response.authenticatorData;
        const out = { clientDataJSON: toText(response.clientDataJSON), authenticatorData: toText(data) };
        if (response.signature)
            out.signature = toText(response.signature);
        return JSON.stringify({ id, type, response: out });
    }

    // Signing in asks for its challenge when it is needed, so that no page that is only looked at makes one.
    async function optionsOf(form) {
        if (form.dataset.options)
            return JSON.parse(form.dataset.options);
        const answer = await fetch("/api/auth/passkey/options", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
        return (await answer.json()).data.options;
    }

    async function send(form) {
        const error = form.querySelector("[data-passkey-error]");
        error.hidden = true;
        try {
            const publicKey = read(await optionsOf(form));
            form.elements.credential.value = write(await navigator.credentials[form.dataset.passkey]({ publicKey }));
        } catch {
            error.hidden = false;
            return;
        }
        form.submit();
    }

    document.addEventListener("submit", (event) => {
        const form = event.target.closest("[data-passkey]");
        if (!form)
            return;
        event.preventDefault();
        event.stopImmediatePropagation();
        send(form);
    }, true);

    const reveal = () => document.querySelectorAll("[data-passkey][hidden]").forEach((form) => { form.hidden = false; });
    document.addEventListener("htmx:after:swap", reveal);
    reveal();
})();
