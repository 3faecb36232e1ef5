// The explorer of the API, for whoever is signed in here: its requests carry
// the page's CSRF token, since they are made with the session's cookie.
const place = document.getElementById("docs");
// A name within the button that opens it is no link of its own; the address follows what is open.
const plainNames = ({ React }) => ({
    wrapComponents: { DeepLink: () => ({ text }) => React.createElement("span", null, text) },
});

// What the explorer leaves without a name.
new MutationObserver(() => {
    for (const choice of place.querySelectorAll("select:not([aria-label])"))
        if (choice.id === "servers" || !choice.labels.length)
            choice.setAttribute("aria-label", choice.id === "servers" ? "Server" : "Choice");
}).observe(place, { childList: true, subtree: true });

SwaggerUIBundle({
    plugins: [plainNames],
    domNode: place,
    url: "/api/openapi.json",
    deepLinking: true,
    validatorUrl: null,
    defaultModelsExpandDepth: 0,
    docExpansion: "none",
    filter: true,
    requestInterceptor(request) {
        if (!request.headers.Authorization)
            request.headers["X-CSRF-Token"] = place.dataset.csrf;
        return request;
    },
});
