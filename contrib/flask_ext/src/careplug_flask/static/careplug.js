/* htmx, set up without inline script; all pages work without any of this. */
(() => {
  "use strict";
  const own = document.currentScript;
  const settings = {
    allowEval: false,
    allowScriptTags: false,
    historyCacheSize: 0, // pages hold people's data: none of them is kept in the browser's storage
    includeIndicatorStyles: false, // an inline style, which the policy forbids; careplug.css has them
    refreshOnHistoryMiss: true,
    scrollBehavior: "auto",
    selfRequestsOnly: true,
  };

  if (window.htmx) {
    Object.assign(window.htmx.config, own.dataset.htmx ? {} : settings); // a host's own htmx keeps its settings
  } else if (own.dataset.htmx) {
    // Inside a host's layout: after everything of the host's, which may bring an htmx of its own.
    window.addEventListener("load", () => {
      if (window.htmx) return;
      const meta = document.createElement("meta");
      meta.name = "htmx-config";
      meta.content = JSON.stringify(settings);
      const script = document.createElement("script");
      script.src = own.dataset.htmx;
      document.head.append(meta, script);
    });
  }

  const ours = (element) => element instanceof Element && element.id === "careplug";

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    if (!ours(target)) return;
    if (!xhr.responseText.includes('id="careplug"')) {
      event.detail.shouldSwap = false; // somewhere else: the host's login, its page of an error
      window.location.assign(xhr.responseURL || window.location.href);
      return;
    }
    if (xhr.status >= 400) {
      event.detail.shouldSwap = true; // the form with what was typed, and why it was not taken
      event.detail.isError = false;
    }
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const page = document.getElementById("careplug");
    if (!page || !ours(event.detail.target)) return;
    const first = page.querySelector("[autofocus]") || page.querySelector("h1");
    if (!first) return;
    if (!first.hasAttribute("tabindex")) first.setAttribute("tabindex", "-1");
    first.focus({ preventScroll: first.matches("h1") });
  });
})();
