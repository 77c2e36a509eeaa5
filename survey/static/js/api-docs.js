// Show the contract of the API. No validator badge: it would ask another host.
SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#contract",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
