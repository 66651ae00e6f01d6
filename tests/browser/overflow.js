// What does not fit on the page. Called with the width of the window in CSS pixels and a selector of elements that
// may be cut (or ""); gives rows of {check, element, text, detail}.
({ width, ignore }) => {
    const SLACK = 1; // pixels: layouts round
    const found = [];
    const name = (el) =>
        el.tagName.toLowerCase() + (el.id ? `#${el.id}` : "") + [...el.classList].map((c) => `.${c}`).join("");
    const excused = (el) => ignore !== "" && el.closest(ignore) !== null;
    const report = (check, el, detail) => {
        const text = (el.innerText ?? el.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 60);
        found.push({ check, element: name(el), text: text || el.getAttribute("src") || "", detail });
    };
    // Text for screen readers only is one pixel large or clipped away on purpose.
    const onlyHeard = (el) => {
        for (let up = el; up && up !== document.body; up = up.parentElement) {
            const style = getComputedStyle(up);
            const box = up.getBoundingClientRect();
            const out = style.position === "absolute" || style.position === "fixed";
            if (out && box.width <= 1 && box.height <= 1) return true;
            if (out && (/inset\((50|100)%/.test(style.clipPath) || /rect\((0|1px)/.test(style.clip))) return true;
        }
        return false;
    };
    const seen = (el) =>
        el.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
    const clips = (value) => value === "hidden" || value === "clip";
    const scrolls = (value) => value === "auto" || value === "scroll";

    // The ancestor that cuts or scrolls what is wider than itself; the page's own box does neither for its content.
    const frame = (first, side) => {
        for (let el = first; el && el !== document.body; el = el.parentElement) {
            const style = getComputedStyle(el);
            const value = side === "x" ? style.overflowX : style.overflowY;
            if (clips(value) || scrolls(value)) return { el, clips: clips(value) };
            if (style.position === "fixed") return null;
        }
        return null;
    };
    const outside = (el) => (getComputedStyle(el).position === "fixed" ? null : frame(el.parentElement, "x"));

    const layout = document.documentElement.clientWidth;
    if (layout > width + SLACK)
        found.push({ check: "page", element: "html", text: "", detail: `laid out ${layout} wide for a window of ${width}: no viewport tag?` });
    const wide = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
    if (wide > layout + SLACK)
        found.push({ check: "page", element: "html", text: "", detail: `scrolls sideways: ${wide} wide in ${layout}` });

    const all = [...document.body.querySelectorAll("*")].filter((el) => seen(el) && !excused(el) && !onlyHeard(el));
    // Elements that reach out of the window; of those inside each other only the innermost.
    const out = all.filter((el) => {
        const box = el.getBoundingClientRect();
        const right = box.right + scrollX;
        const left = box.left + scrollX;
        return box.width > 0 && box.height > 0 && (right > layout + SLACK || left < -SLACK) && !outside(el);
    });
    for (const el of out) {
        if (out.some((other) => other !== el && el.contains(other))) continue;
        const box = el.getBoundingClientRect();
        report("wide", el, `from ${Math.round(box.left + scrollX)} to ${Math.round(box.right + scrollX)} in ${layout}`);
    }

    // Texts that are cut by an ancestor, or stand outside the box that they belong to.
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const told = new Set();
    const tell = (check, el, detail) => {
        if (!told.has(el)) report(check, el, detail);
        told.add(el);
    };
    while (walker.nextNode()) {
        const node = walker.currentNode;
        const el = node.parentElement;
        if (!node.data.trim() || !seen(el) || excused(el) || onlyHeard(el)) continue;
        if (el.closest("script, style, template, svg, textarea, option")) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const text = range.getBoundingClientRect();
        if (!text.width || !text.height) continue;
        for (const side of ["x", "y"]) {
            const [from, to] = side === "x" ? ["left", "right"] : ["top", "bottom"];
            const cut = frame(el, side);
            if (!cut?.clips || excused(cut.el)) continue;
            const box = cut.el.getBoundingClientRect();
            // The box of a line is higher than its letters: a small part of it may be cut without loss.
            const air = side === "y" ? parseFloat(getComputedStyle(el).fontSize) / 4 : SLACK;
            if (text[to] > box[to] + air || text[from] < box[from] - air)
                tell("clipped", el, `${side === "x" ? "sideways" : "below or above"} by ${name(cut.el)}`);
        }
        let block = el;
        while (getComputedStyle(block).display === "inline" && block.parentElement) block = block.parentElement;
        const style = getComputedStyle(block);
        const box = block.getBoundingClientRect();
        if (style.overflowX === "visible" && (text.right > box.right + SLACK || text.left < box.left - SLACK))
            if (box.width > 0 && style.display !== "contents") tell("spilled", el, `outside the box of ${name(block)}`);
    }
    // An ellipsis shortens the range too, so the box is asked itself.
    for (const el of all) {
        if (getComputedStyle(el).textOverflow !== "ellipsis" || el.tagName === "INPUT") continue;
        if (clips(getComputedStyle(el).overflowX) && el.scrollWidth > el.clientWidth + SLACK && el.textContent.trim())
            tell("clipped", el, `shortened: ${el.scrollWidth} wide in ${el.clientWidth}`);
    }
    return found;
};
