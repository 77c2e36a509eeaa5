// Show the contract of the API. No validator badge: it would ask another host.
// Links inside of the buttons that unfold an operation would be two controls in one: no deep links.
SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#contract",
  deepLinking: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [withLandmarks],
});

// The viewer goes from the title (h1) straight to the groups (h3) and has its title outside of every
// landmark: the h2 between them, and a region around it.
function withLandmarks(system) {
  const make = system.React.createElement;
  return {
    wrapComponents: {
      InfoContainer: (Info) => (given) => make("section", { "aria-label": "About" }, make(Info, given)),
      operations: (Operations) => (given) =>
        make("div", null, make("h2", { className: "operations-title" }, "Operations"), make(Operations, given)),
    },
  };
}
