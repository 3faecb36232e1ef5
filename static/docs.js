// The explorer of the API, for whoever is signed in here: its requests carry
// the page's CSRF token, since they are made with the session's cookie.
const place = document.getElementById("docs");
SwaggerUIBundle({
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
