// Every word a person can come upon, with where it stands: rows of {element, source, text, language}. Texts inside one
// block are one row, because a sentence may go through several elements. What is marked as not to be translated
// (translate="no", class notranslate) and what is code is left out, a space in its place.
() => {
    const ATTRIBUTES = [
        ...["placeholder", "title", "alt", "label", "aria-label", "aria-description", "aria-placeholder"],
        ...["aria-roledescription", "aria-valuetext", "data-tooltip", "hx-confirm", "hx-prompt", "data-label"],
    ];
    // Without scripts the content of noscript is a part of the page.
    const UNSEEN = "script, style, template, textarea" + (matchMedia("(scripting: none)").matches ? "" : ", noscript");
    const CODE = "code, kbd, samp, pre, var";
    const name = (el) =>
        el.tagName.toLowerCase() + (el.id ? `#${el.id}` : "") + [...el.classList].map((c) => `.${c}`).join("");
    const page = document.documentElement.lang;
    const language = (el) => el.closest("[lang]")?.lang ?? "";
    const translated = (el) => {
        const no = el.closest('[translate="no" i], .notranslate');
        const yes = el.closest('[translate="yes" i], [translate=""]');
        return !no || (yes !== null && no !== yes && no.contains(yes));
    };
    const rows = [{ element: "html", source: "lang", text: "", language: page }];
    const add = (el, source, text) => {
        if (text && text.trim()) rows.push({ element: name(el), source, text, language: language(el) });
    };

    const title = document.querySelector("head > title");
    if (title && translated(title)) add(title, "text", title.textContent);
    const description = document.querySelector('head > meta[name="description"]');
    if (description) add(description, "content", description.content);

    const block = (el) => {
        while (el.parentElement && ["inline", "contents"].includes(getComputedStyle(el).display) && language(el) === language(el.parentElement))
            el = el.parentElement;
        return el;
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let current = null;
    let text = "";
    while (walker.nextNode()) {
        const el = walker.currentNode.parentElement;
        if (el.closest(UNSEEN)) continue;
        const own = block(el);
        if (own !== current) {
            if (current) add(current, "text", text);
            [current, text] = [own, ""];
        }
        text += translated(el) && !el.closest(CODE) ? walker.currentNode.data : " ";
    }
    if (current) add(current, "text", text);

    for (const el of document.body.querySelectorAll("*")) {
        if (!translated(el)) continue;
        for (const attribute of ATTRIBUTES) if (el.hasAttribute(attribute)) add(el, attribute, el.getAttribute(attribute));
        if (el.matches("input[type=submit], input[type=button], input[type=reset]")) add(el, "value", el.value);
        for (const pseudo of ["::before", "::after"]) {
            const content = getComputedStyle(el, pseudo).content;
            if (/^"/.test(content)) add(el, pseudo, content.slice(1, -1));
        }
    }
    return rows;
};
